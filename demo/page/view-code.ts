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
  return h(
    'section',
    { class: 'card', 'aria-labelledby': 'code-title' },
    h('h3', { id: 'code-title' }, 'Repeat it yourself'),
    h('p', {}, 'Exactly this verification, with the files beside it.'),
    h(
      'p',
      { class: 'actions' },
      saveButton(evidenceFile, outcome.bytes),
      rootBytes && saveButton(rootFile, rootBytes),
      signed && saveButton(corimFile, signed.corim),
      signed?.trustAnchors.map((anchor) => saveButton(caFile, anchor)),
      linkButton(),
    ),
    snippet('In your code', importCode(outcome)),
    snippet('On the command line', commandLine(outcome)),
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
