/**
 * What the user of the command can do wrong: exit code 1, a line that says what to do, and never a
 * verdict.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { formats } from '../../src/formats/table.ts'
import { paint } from '../../src/cli/text.ts'
import { file, nonce, pcr0, root, useCommand, veritee, written } from './run.ts'

useCommand()

const good = ['verify', file, ...root, ...pcr0, ...nonce]

describe('usage', () => {
  it.each([
    [['frobnicate'], 'unknown command "frobnicate"; commands are verify, inspect'],
    [['constructor'], 'unknown command "constructor"'],
    [['verify'], 'verify takes one file, or - for standard input'],
    [['verify', file, file, ...pcr0, ...nonce], 'verify takes one file, or - for standard input, not 2'],
    [['inspect'], 'inspect takes one file, or - for standard input'],
    [['verify', file], 'say what must run there: --pcr0 HEX'],
    [['verify', file, ...pcr0], 'say how fresh it must be: --nonce HEX'],
    [
      [...good, '--skip-freshness'],
      'say how fresh it must be: --nonce HEX, --max-age 5m (or both), or --skip-freshness; only one',
    ],
    [[...good, '--max-age', '5m', '--skip-freshness'], 'only one of them'],
    [[...good, '--skip-reference-values'], 'say what must run there'],
    [[...good, '--measurements', 'package.json'], 'only one of them'],
    [[...good, '--pcr32', 'ab'], "Unknown option '--pcr32'\nveritee: see"],
    [[...good, '--pcr'], "Unknown option '--pcr'"],
    [[...good, '--json=yes'], "Option '--json' does not take an argument"],
    [[...good, '--user-data'], "Option '--user-data <value>' argument missing"],
    // The last one would win.
    [[...good, ...nonce], '--nonce is given more than once'],
    [[...good, '--pcr0', 'ab'.repeat(48)], '--pcr0 is given more than once'],
    [['verify', file, '--pcr0', 'abcd', ...nonce], '--pcr0 must be 48 bytes (96 hex digits)'],
    [['verify', file, '--pcr0', 'xyz', ...nonce], '--pcr0 must be hexadecimal'],
    [
      ['verify', file, '--pcr1', '00'.repeat(48), ...nonce],
      'the registers must name a register other than zero: leave out PCR1',
    ],
    [
      ['verify', file, '--pcr1', 'ab'.repeat(48), ...nonce],
      'the registers must name PCR0, which alone covers the image (or PCR8, with --allow-signed-images)',
    ],
    [
      ['verify', file, '--pcr1', 'ab'.repeat(48), '--allow-signed-images', ...nonce],
      'the registers must name PCR0, which alone covers the image',
    ],
    [
      [...good, '--format', 'nitro-tpm', '--allow-signed-images'],
      '--allow-signed-images is about nitro, but --format says nitro-tpm',
    ],
    [['verify', file, ...pcr0, '--nonce', 'xyz'], '--nonce must be hexadecimal'],
    [['verify', file, ...pcr0, '--nonce', ''], '--nonce must be 1 to 1024 bytes'],
    [[...good, '--user-data', ''], '--user-data must be 1 to 1024 bytes'],
    [[...good, '--public-key', '@no/such/key'], 'cannot read no/such/key: no such file or directory\n'],
    [
      ['verify', file, ...pcr0, '--max-age', '5 minutes'],
      '--max-age must be a number with its unit: 30s, 5m, 12h or 7d',
    ],
    [['verify', file, ...pcr0, '--max-age', '300'], '--max-age must be a number with its unit'],
    [['verify', file, ...pcr0, '--max-age', '0s'], '--max-age must be a positive number'],
    [[...good, '--skew', '2d'], '--skew, in seconds, must be 0 to 86400'],
    [[...good, '--at', '2026-06-01'], '--at must be `evidence`, or a time with its zone'],
    [[...good, '--at', '2026-06-01T00:00:00'], '--at must be `evidence`, or a time with its zone'],
    [[...good, '--at', '2026-02-30T00:00:00Z'], '--at must be `evidence`, or a time with its zone'],
    [[...good, '--at', '1780272000000'], '--at must be `evidence`, or a time with its zone'],
    [['verify', file, ...pcr0, '--max-age', '5m', '--at', 'evidence'], 'evidence has no age at its own time'],
    [[...good, '--format', 'snp'], `--format must be ${formats.map(({ name }) => name).join(', ')} or auto`],
    [[...good, '--format', 'tdx'], '--pcr0 is about nitro and nitro-tpm, but --format says tdx'],
    [[...good, '--format', 'nitro-tpm', '--allow-debug'], '--allow-debug is about enclaves'],
    [['verify', 'no/such/file', ...pcr0, ...nonce], 'cannot read no/such/file: no such file or directory\n'],
    [['verify', 'src', ...pcr0, ...nonce], 'cannot read src: illegal operation on a directory\n'],
    [['verify', file, ...pcr0, ...nonce, '--root', 'package.json'], 'no PEM block labelled CERTIFICATE'],
    [['verify', file, '--measurements', 'README.md', ...nonce], 'README.md is not JSON'],
    [
      ['verify', 'package.json', ...pcr0, ...nonce],
      'package.json is text, but neither hexadecimal nor base64 (if it is JSON',
    ],
    [['verify', '-', ...pcr0, ...nonce], 'standard input is empty'],
  ])('%j', (args, message) => {
    const { code, stdout, stderr } = veritee(args)
    expect(stderr).toContain(`veritee: `)
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('    at ')
    expect(stdout).toBe('')
    expect(code).toBe(1)
  })

  it.each([
    ['[]', 'must be a JSON object'],
    ['"PCR0"', 'must be a JSON object'],
    ['{}', 'must name a register'],
    ['{"Measurements": {"PCR0": "12"}}', ': PCR0 must be 48 bytes'],
    ['{"Measurements": {"PCR0": "ab", "PCR99": "ab"}}', ': PCR'],
    ['{"Measurements": null}', 'must be a plain object'],
    ['{"__proto__": {"PCR0": "ab"}}', 'must be PCR0 to PCR31'],
  ])('measurements that are %s', (content, message) => {
    const path = written('measurements.json', content)
    const { code, stdout, stderr } = veritee(['verify', file, '--measurements', path, ...nonce])
    expect(stderr).toContain(path)
    expect(stderr).toContain(message)
    expect(stdout).toBe('')
    expect(code).toBe(1)
  })

  it('reads no more of anything than evidence can be long', () => {
    const { code, stderr } = veritee(['inspect', '-'], Buffer.alloc(200_000, 0x84))
    expect(stderr).toContain('standard input is larger than 131072 bytes')
    expect(code).toBe(1)
    for (const args of [
      ['inspect', '/dev/zero'],
      ['verify', file, '--measurements', '/dev/zero', ...nonce],
    ]) {
      expect(veritee(args)).toMatchObject({ code: 1, stdout: '' })
      expect(veritee(args).stderr).toContain('/dev/zero is larger than 131072 bytes')
    }
  })

  it('does not guess what text means that has two meanings', () => {
    const { code, stderr } = veritee(['inspect', '-'], '00ff00ff')
    expect(stderr).toContain('standard input can be read as hexadecimal and as base64: give it as binary')
    expect(code).toBe(1)
  })

  it('does not let a path write to the terminal', () => {
    const { stderr } = veritee(['inspect', 'no\u001b[2J'])
    expect(stderr).toContain('cannot read no\\u{1b}[2J: no such file')
  })
})

describe('help', () => {
  it('explains itself on standard output', () => {
    for (const args of [['--help'], ['-h'], ['help'], ['verify', '--help'], ['verify', '-h'], ['inspect', '--help']]) {
      const { code, stdout, stderr } = veritee(args)
      expect(stdout).toMatch(/^veritee/)
      expect(stdout).toContain('Exit codes: 0')
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
      expect(stderr).toBe('')
      expect(code).toBe(0)
    }
    expect(veritee(['help', 'verify']).stdout).toBe(veritee(['verify', '--help']).stdout)
    for (const option of [
      '--pcr0',
      '--measurements',
      '--nonce',
      '--max-age',
      '--user-data',
      '--public-key',
      '--format',
    ])
      expect(veritee(['verify', '--help']).stdout).toContain(option)
    for (const option of ['--root', '--at', '--skew', '--allow-debug', '--skip-reference-values', '--skip-freshness'])
      expect(veritee(['verify', '--help']).stdout).toContain(option)
  })

  it('is an error where it is not asked for alone: exit code 0 means verified', () => {
    for (const args of [
      ['verify', file, ...pcr0, '--nonce', '--help'],
      ['verify', '--help', ...pcr0],
      ['verify', '-h', file],
    ]) {
      const { code, stdout, stderr } = veritee(args)
      expect(stderr).toContain('--help comes alone: veritee verify --help')
      expect(stdout).toBe('')
      expect(code).toBe(1)
    }
  })

  it('is on standard error where a command is missing', () => {
    const { code, stdout, stderr } = veritee([])
    expect(stderr).toMatch(/^veritee: no command\n\nveritee: check a confidential-computing enclave/)
    expect(stdout).toBe('')
    expect(code).toBe(1)
  })

  it('prints its version', () => {
    expect(veritee(['--version'])).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    })
  })
})

describe('colour', () => {
  const { isTTY } = process.stdout
  const { NO_COLOR, TERM } = process.env
  afterEach(() => {
    process.stdout.isTTY = isTTY
    restore('NO_COLOR', NO_COLOR)
    restore('TERM', TERM)
  })
  function restore(name: string, value: string | undefined): void {
    // An environment variable cannot be undefined: it would be that word.
    if (value === undefined) Reflect.deleteProperty(process.env, name)
    else process.env[name] = value
  }

  it('is for terminals, unless NO_COLOR says otherwise', () => {
    process.stdout.isTTY = true
    process.env.TERM = 'xterm'
    process.env.NO_COLOR = ''
    expect(paint('red', 'REFUSED')).toBe('\u001b[31mREFUSED\u001b[0m')
    process.env.NO_COLOR = '1'
    expect(paint('red', 'REFUSED')).toBe('REFUSED')
    process.env.NO_COLOR = ''
    process.stdout.isTTY = false
    expect(paint('red', 'REFUSED')).toBe('REFUSED')
  })
})
