/**
 * `veritee measure --snp`: the launch measurement of the library, and usage errors in the words of
 * the command.
 */
import { describe, expect, test } from 'vitest'
import { measureSnp } from '../../src/reference/index.ts'
import { makeOvmf } from '../attester/ovmf.ts'
import { useCommand, veritee, written } from './run.ts'

useCommand()

const firmware = (): string => written('ovmf.fd', makeOvmf())
const kernel = new Uint8Array([1, 2, 3])
const base = ['--vcpus', '2', '--vcpu-type', 'EPYC-v4']

describe('a launch', () => {
  test('for machines, with a kernel', async () => {
    const files = ['--kernel', written('kernel', kernel), '--initrd', written('initrd', kernel), '--append', 'quiet']
    const { code, stdout, stderr } = veritee([
      'measure',
      '--snp',
      firmware(),
      ...base,
      ...files,
      '--guest-features',
      '0x21',
      '--json',
    ])
    const options = { vcpus: 2, vcpuType: 'EPYC-v4', kernel, initrd: kernel, append: 'quiet', guestFeatures: 0x21 }
    const { measurement } = await measureSnp(makeOvmf(), options)
    expect({ code, stderr, out: JSON.parse(stdout) as unknown }).toEqual({ code: 0, stderr: '', out: { measurement } })
  })

  test('for people', async () => {
    const { code, stdout } = veritee(['measure', '--snp', firmware(), '--vmm', 'ec2', '--vcpus', '1'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^is +OVMF, 8192 bytes$/m)
    expect(stdout).toMatch(/^launch +ec2, 1 processor$/m)
    const digits = stdout.replace(/^.*measurement/s, '').replace(/\s/g, '')
    expect(digits).toBe((await measureSnp(makeOvmf(), { vcpus: 1, vmm: 'ec2' })).measurement)
  })

  test('firmware that is none: exit code 2', () => {
    const { code, stderr } = veritee(['measure', '--snp', written('noise', new Uint8Array(4096)), ...base])
    expect(code).toBe(2)
    expect(stderr).toContain('(ovmf-format)')
  })
})

test.each<[string, readonly string[], string]>([
  ['no processors', ['--vcpu-type', 'EPYC'], '--snp needs --vcpus: how many virtual processors the guest has'],
  ['processors in words', ['--vcpus', 'two'], '--vcpus must be a whole number, not "two"'],
  ['no type', ['--vcpus', '2'], '--vcpu-type or --vcpu-signature must be given, one of them'],
  [
    'a type for EC2',
    [...base, '--vmm', 'ec2'],
    '--vcpu-type and --vcpu-signature must be left out with vmm ec2, which measures neither',
  ],
  ['an initrd alone', [...base, '--initrd', '/dev/null'], '--initrd must be given with --kernel only'],
  ['an unknown monitor', [...base, '--vmm', 'xen'], '--vmm must be qemu, ec2 or gce'],
  ['an image beside it', [...base, 'app.eif'], '--snp FIRMWARE is all there is to measure: no other image beside it'],
  [
    'a role beside it',
    [...base, '--role-arn', 'arn:aws:iam::123456789012:role/W'],
    '--role-arn is for Nitro enclaves, not for --snp',
  ],
  ['no such kernel', [...base, '--kernel', '/nowhere'], 'cannot read /nowhere: no such file'],
])('%s', (_what, args, message) => {
  const { code, stderr } = veritee(['measure', '--snp', firmware(), ...args])
  expect(code).toBe(1)
  expect(stderr).toContain(message)
})

test('options of --snp without it', () => {
  const { code, stderr } = veritee(['measure', '--vcpus', '2'])
  expect(code).toBe(1)
  expect(stderr).toContain('--vcpus is for --snp')
})
