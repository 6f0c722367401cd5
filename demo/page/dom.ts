/**
 * Elements out of plain values. Text is always set as text; there is no way from here to markup,
 * and none to inline styles, which the policy forbids.
 */
export type Child = Node | string | undefined | false | readonly Child[]
type Attributes = Readonly<Record<string, string | boolean | undefined>>

function fill<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : value)
  }
  element.append(...flat(children))
  return element
}

/** Children as the platform takes them. */
export function flat(children: readonly Child[]): (Node | string)[] {
  return children.flatMap((child) => {
    if (child === undefined || child === false) return []
    return typeof child === 'string' || child instanceof Node ? [child] : flat(child)
  })
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children)
}

export function svg(tag: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children)
}

/** An element that the page is known to have. */
export function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id)
  if (!(found instanceof type)) throw new Error(`the page has no #${id}`)
  return found
}

/** Digests in groups of eight, which break between the groups, and are copied without gaps. */
export function hex(digits: string): HTMLElement {
  const groups = digits.match(/.{1,8}/g) ?? []
  return h('code', { class: 'hex' }, ...groups.map((group) => h('span', {}, group)))
}

export function button(label: string, onClick: () => void, className = 'button'): HTMLButtonElement {
  const made = h('button', { type: 'button', class: className }, label)
  made.addEventListener('click', onClick)
  return made
}

/** A button that copies text and says so. */
export function copyButton(
  text: string | (() => string),
  label = 'Copy',
  className = 'button small',
): HTMLButtonElement {
  const made = button(
    label,
    () => {
      navigator.clipboard.writeText(typeof text === 'string' ? text : text()).then(
        () => (made.textContent = 'Copied'),
        () => (made.textContent = 'Select and copy by hand'),
      )
    },
    className,
  )
  return made
}

/** A button that saves bytes as a file, without a server. */
export function saveButton(name: string, bytes: Uint8Array<ArrayBuffer>): HTMLButtonElement {
  return button(
    `Save ${name}`,
    () => {
      const address = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }))
      h('a', { href: address, download: name }).click()
      URL.revokeObjectURL(address)
    },
    'button small',
  )
}

/**
 * What a state looks like, in words too: colour alone would say it to some people only. Without a
 * label where the text beside it says the same.
 */
export function mark(kind: 'yes' | 'no' | 'open' | 'never', label?: string): HTMLElement {
  return h('span', {
    class: `mark ${kind}`,
    ...(label ? { role: 'img', 'aria-label': label } : { 'aria-hidden': 'true' }),
  })
}

/** Names and values. */
export function pairs(...rows: readonly (readonly [name: string, value: Child] | false)[]): HTMLElement {
  return h(
    'dl',
    { class: 'pairs' },
    ...rows.map((row) => row && h('div', {}, h('dt', {}, row[0]), h('dd', {}, row[1]))),
  )
}
