/**
 * The same verification to take away.
 */
import { type Bytes } from './bytes.ts'
import { caFile, commandLine, corimFile, evidenceFile, importCode, rootFile } from './code.ts'
import { copyButton, h, saveButton } from './dom.ts'
import type { Outcome } from './outcome.ts'

export function codeView(outcome: Outcome, fixtureRoot: Bytes | undefined): HTMLElement {
  const { root, signed } = outcome.policy
  const rootBytes = root === 'fixture' ? fixtureRoot : root === 'aws' ? undefined : root
  return codeCard(
    [
      [evidenceFile, outcome.bytes],
      ...(rootBytes ? [[rootFile, rootBytes] as const] : []),
      ...(signed ? [[corimFile, signed.corim] as const] : []),
      ...(signed?.trustAnchors ?? []).map((anchor) => [caFile, anchor] as const),
    ],
    importCode(outcome),
    commandLine(outcome),
  )
}

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
      linkButton(),
    ),
    snippet('In your code', inCode),
    snippet('On the command line', command),
  )
}

const linkButton = (): HTMLElement => copyButton(() => location.href, 'Copy a link to this verdict')

function snippet(title: string, code: string): HTMLElement {
  return h(
    'div',
    { class: 'snippet' },
    h('header', {}, h('h4', {}, title), copyButton(code)),
    h('pre', { tabindex: '0', 'aria-label': title }, code),
  )
}
