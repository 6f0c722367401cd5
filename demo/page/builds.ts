/**
 * Measurements as people write them: JSON, one build or a list of them, or lines like
 * `MRTD <hex>`.
 */
import { readJson, readName } from './policy.ts'

/**
 * One build that is accepted: lower-case hexadecimal, `any`, a number or a yes or no, by the
 * library's names of registers; and its `name`.
 */
export type Build = Readonly<Record<string, string | number | boolean>>

/** A register by the library's name of it, and what it holds: so many bytes, or a value. */
export type Register = readonly [name: string, holds: number | 'version' | 'switch']

export interface Registers {
  /** What has them, for messages. */
  readonly of: string
  /** The one that a value alone is of. */
  readonly alone: string
  /** By the names that people write, in lower case. */
  readonly known: Readonly<Record<string, Register>>
  /** Those that may hold anything, if so declared. */
  readonly mayBeAny: (name: string) => boolean
  /** Refuses builds that say too little. */
  readonly check: (build: Build) => void
}

export function readBuilds(text: string, registers: Registers): readonly Build[] {
  const trimmed = text.trim()
  if (trimmed === '') return []
  if (/^[[{]/.test(trimmed)) {
    const parsed = readJson(trimmed)
    return (Array.isArray(parsed) ? (parsed as unknown[]) : [parsed]).map((entry) => {
      if (typeof entry !== 'object' || entry === null) throw new Error('A build is a JSON object of registers.')
      return readBuild(Object.entries(entry), registers)
    })
  }
  const lines = trimmed.split(/[\n,;]+/).filter((line) => line.trim() !== '')
  return [
    readBuild(
      lines.map((line): [string, string] => {
        const [, name = registers.alone, value = ''] =
          /^\s*(?:"?([a-z][\w -]*?)"?(?:\s*[:=]\s*|\s+))?"?([^\s":=]*)"?\s*$/i.exec(line) ?? []
        return [name, value]
      }),
      registers,
    ),
  ]
}

function readBuild(entries: readonly (readonly [string, unknown])[], registers: Registers): Build {
  const { of, known, mayBeAny, check } = registers
  const build: Record<string, string | number | boolean> = {}
  for (const [key, value] of entries) {
    if (key === 'name') {
      const name = readName(value)
      if (name !== undefined) build.name = name
      continue
    }
    const written = key.toLowerCase().replace(/[\s_-]/g, '')
    const register = Object.hasOwn(known, written) ? known[written] : undefined
    if (register === undefined) {
      const names = Object.values(known).map(([name]) => name)
      throw new Error(`“${key.slice(0, 40)}” is no register of ${of}: ${names.join(', ')} are.`)
    }
    const [name, holds] = register
    if (name in build) throw new Error(`${name} is there twice.`)
    build[name] =
      holds === 'version'
        ? readVersion(name, value)
        : holds === 'switch'
          ? readSwitch(name, value)
          : readDigits(name, value, holds, mayBeAny(name))
  }
  check(build)
  return build
}

function readDigits(name: string, value: unknown, size: number, mayBeAny: boolean): string {
  const digits = String(value).replace(/\s/g, '').replace(/^0x/i, '').toLowerCase()
  if (mayBeAny && (digits === 'any' || digits === 'anyvalue')) return 'any'
  if (!/^(?:[0-9a-f]{2})+$/.test(digits) || digits.length !== 2 * size)
    throw new Error(`${name} needs ${2 * size} hexadecimal digits, this has ${digits.length} characters.`)
  return digits
}

function readVersion(name: string, value: unknown): number {
  const number = typeof value === 'string' && value.trim() === '' ? NaN : Number(value)
  if (!Number.isInteger(number) || number < 0 || number > 65_535)
    throw new Error(`${name} must be a number from 0 to 65535.`)
  return number
}

function readSwitch(name: string, value: unknown): boolean {
  const written = String(value)
  if (written !== 'true' && written !== 'false') throw new Error(`${name} must be true or false.`)
  return written === 'true'
}

/** Whether a register of it may hold anything. */
export const hasAny = (build: Build): boolean => Object.values(build).includes('any')

/** The words of the page in the place of the library's symbols. */
export const withSymbols = (build: Build, anyValue: symbol): object =>
  Object.fromEntries(
    Object.entries(build).map(([key, value]) => [key, key !== 'name' && value === 'any' ? anyValue : value]),
  )
