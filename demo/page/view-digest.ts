/**
 * Digests where they are not the point: cut to their ends, whole for the clipboard.
 */
import { button, h } from './dom.ts'

/** The first and the last eight digits, which tell two digests apart, and a button that copies all. */
export function digest(digits: string): HTMLElement {
  const copy = button(
    'Copy',
    () => {
      navigator.clipboard.writeText(digits).then(
        () => {
          copy.textContent = 'Copied'
          copy.setAttribute('aria-label', 'Copied')
        },
        () => {
          // Without a clipboard it is shown whole, and selected; the focus is not lost.
          shown.textContent = digits
          shown.tabIndex = -1
          shown.focus()
          getSelection()?.selectAllChildren(shown)
          copy.remove()
        },
      )
    },
    'copy',
  )
  copy.setAttribute('aria-label', `Copy all ${digits.length} digits of ${digits.slice(0, 8)}`)
  const shown = h('code', { title: digits }, `${digits.slice(0, 8)}…${digits.slice(-8)}`)
  return h('span', { class: 'digest' }, shown, copy)
}
