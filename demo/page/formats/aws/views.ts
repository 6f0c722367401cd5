/**
 * Everything below the verdict on a document.
 */
import { codeCard } from '../../view-code.ts'
import type { Child } from '../../dom.ts'
import { evidenceFile, rootFile } from '../../code.ts'
import type { Page } from '../family.ts'
import { caFile, commandLine, corimFile, importCode } from './code.ts'
import type { NitroOutcome } from './outcome.ts'
import { documentView } from './view-document.ts'
import { referenceView } from './view-reference.ts'

export function views(outcome: NitroOutcome, { checks }: Page): readonly Child[] {
  const { policy, bytes, fixtureRoot, refused } = outcome
  if (refused !== undefined) return []
  const { root, signed } = policy
  const rootBytes = root === 'fixture' ? fixtureRoot : root === 'pinned' ? undefined : root
  return [
    referenceView(outcome),
    checks,
    documentView(outcome),
    codeCard(
      [
        [evidenceFile, bytes],
        ...(rootBytes ? [[rootFile, rootBytes] as const] : []),
        ...(signed ? [[corimFile, signed.corim] as const] : []),
        ...(signed?.trustAnchors ?? []).map((anchor) => [caFile, anchor] as const),
      ],
      importCode(outcome),
      commandLine(outcome),
    ),
  ]
}
