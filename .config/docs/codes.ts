/**
 * What `src/core/codes` says of each reason code, one file per family: what it means, what a user should be told, what an operator should do.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath, URL } from 'node:url'

const folder = fileURLToPath(new URL('../../src/core/codes/', import.meta.url))

/** What there is to say of one code. */
export interface ReasonCode {
  readonly code: string
  /** The file that it is from. */
  readonly path: string
  /** That file's title. */
  readonly family: string
  readonly means: string
  readonly user: string
  readonly operator: string
}

/** All codes, in the order of the files. */
export function readReasonCodes(): readonly ReasonCode[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .sort()
    .flatMap((name) => {
      const path = `src/core/codes/${name}`
      const [head = '', ...sections] = readFileSync(folder + name, 'utf8').split(/^## /m)
      const family = /^# (.*)$/m.exec(head)?.[1]
      if (family === undefined) throw new Error(`${path} has no title`)
      return sections.map((section) => ({ ...readSection(section, path), path, family }))
    })
}

/** A code's section: its name, what it means, and two items of a list. */
function readSection(section: string, path: string): Omit<ReasonCode, 'path' | 'family'> {
  const found = /^`([a-z0-9-]+)`\n\n(.+?)\n\n- \*\*Tell the user:\*\* (.+?)\n- \*\*As an operator:\*\* (.+?)\s*$/s.exec(
    section,
  )
  if (found === null) throw new Error(`${path}: this section is not as the others are: ${section.slice(0, 60)}`)
  const [, code = '', means = '', user = '', operator = ''] = found.map((text) => text.replace(/\s*\n\s*/g, ' '))
  return { code, means, user, operator }
}
