#!/usr/bin/env node
/**
 * The command `veritee`. Exit codes are failure classes: 0 ok, 1 usage, 2 not authentic, 3 not as expected.
 */
import { readFileSync } from 'node:fs'
import { AppraisalError, AttestationError } from '../errors.ts'
import { usageOf } from './help.ts'
import { printable } from '../x509/name.ts'
import { inspect } from './inspect.ts'
import { UsageError } from './usage-error.ts'
import { verify } from './verify.ts'

/** A command takes its arguments and returns its exit code. */
type Command = (args: string[]) => Promise<number>

const commands: Readonly<Record<string, Command>> = { verify, inspect }

async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(usageOf(args[0]))
    return name === undefined ? 1 : 0
  }
  if (name === '--version') {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string
    }
    console.log(version)
    return 0
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined)
    throw new UsageError(`unknown command ${JSON.stringify(name)}; commands are ${Object.keys(commands).join(', ')}`)
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usageOf(name))
    return 0
  }
  return command(args)
}

try {
  // Not process.exit: what was written to a pipe must get there first.
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  // TypeError is how the library, and node:util parseArgs, say that the caller is wrong.
  if (error instanceof UsageError || error instanceof TypeError) {
    console.error(`veritee: ${error.message}\nveritee: see \`veritee --help\``)
    process.exitCode = 1
  } else if (error instanceof AttestationError) {
    console.error(`veritee: ${printable(error.message)} (${error.code})`)
    process.exitCode = error instanceof AppraisalError ? 3 : 2
  } else {
    throw error
  }
}
