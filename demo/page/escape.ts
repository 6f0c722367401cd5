/**
 * The Escape key, on every page: it closes what lies over the page, and stops what takes its time.
 */
export function setUpEscape(): void {
  addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape') return
    const install = document.querySelector<HTMLDetailsElement>('.install[open]')
    if (install !== null) {
      install.open = false
      install.querySelector('summary')?.focus()
      return
    }
    document.querySelector<HTMLButtonElement>('.verdict.pending .actions .button')?.click()
  })
}
