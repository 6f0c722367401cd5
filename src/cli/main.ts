#!/usr/bin/env node
/**
 * The command `veritee`. Its exit code is the class of the outcome: see failures.ts.
 */
import { readFileSync } from 'node:fs'
import { printable } from '../x509/name.ts'
import { ear } from './ear.ts'
import { endorsements } from './endorsements.ts'
import { exitCodeOf, type Failure, failureOf, UsageError } from './failures.ts'
import { usageOf } from './help.ts'
import { inspect } from './inspect.ts'
import { verdictToJson } from './json.ts'
import { measure } from './measure.ts'
import { sign } from './sign.ts'
import { verify } from './verify.ts'

/** A command takes its arguments, prints its outcome and returns its exit code. */
type Command = (args: string[]) => Promise<number>

const commands: Readonly<Record<string, Command>> = {
  verify,
  inspect,
  endorsements,
  collateral: endorsements,
  measure,
  sign,
  ear,
}
const helpFlags: readonly (string | undefined)[] = ['--help', '-h', 'help']

async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined) throw new UsageError(`no command\n\n${usageOf()}`)
  if (helpFlags.includes(name)) return say(usageOf(args[0]))
  if (name === '--version') return say(version())
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined)
    throw new UsageError(`unknown command ${JSON.stringify(name)}; commands are ${Object.keys(commands).join(', ')}`)
  if (args.length === 1 && helpFlags.slice(0, 2).includes(args[0])) return say(usageOf(name))
  // Among other arguments it might come from a variable of a script, whose exit code 0 would then
  // read as verified.
  if (args.some((arg) => helpFlags.slice(0, 2).includes(arg)))
    throw new UsageError(`--help comes alone: veritee ${name} --help`)
  return command(args)
}

function say(text: string): number {
  console.log(text)
  return 0
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

function report(failure: Failure, args: readonly string[]): void {
  if (args.includes('--json')) console.log(verdictToJson(failure))
  const message = failure.message.split('\n').map(printable).join('\n')
  console.error(failure instanceof UsageError ? `veritee: ${message}` : `veritee: ${message} (${failure.code})`)
  if (failure instanceof UsageError && !message.includes('\n')) console.error('veritee: see `veritee --help`')
}

const args = process.argv.slice(2)
try {
  // Not process.exit: what was written to a pipe must get there first.
  process.exitCode = await main(args)
} catch (error) {
  const failure = failureOf(error)
  report(failure, args)
  process.exitCode = exitCodeOf(failure)
}
