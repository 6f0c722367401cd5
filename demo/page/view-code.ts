/**
 * The same verification to take away.
 */
import type { Bytes } from './bytes.ts'
import { copyButton, h, saveButton } from './dom.ts'
import { linksTo } from './links.ts'

/** @param files what the code reads, by name */
export function codeCard(
  files: readonly (readonly [name: string, bytes: Bytes])[],
  inCode: string,
  command: string,
): HTMLElement {
  return h(
    'section',
    { class: 'card', 'aria-labelledby': 'code-title' },
    h('h3', { id: 'code-title' }, 'Repeat it yourself'),
    h('p', {}, 'Exactly this verification, with the files beside it.'),
    h(
      'p',
      { class: 'actions' },
      files.map(([name, bytes]) => saveButton(name, bytes)),
    ),
    h(
      'p',
      { class: 'actions' },
      linksTo().map(({ label, address }) => copyButton(address, label)),
    ),
    snippet('In your code', inCode),
    snippet('On the command line', command),
  )
}

function snippet(title: string, code: string): HTMLElement {
  return h(
    'div',
    { class: 'snippet' },
    h('header', {}, h('h4', {}, title), copyButton(code)),
    h('pre', { tabindex: '0', 'aria-label': title }, code),
  )
}
