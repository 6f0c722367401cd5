/**
 * Who vouches for the machines of the demo: vendors that are made up. Their roots are those of the
 * fixtures, and their keys are public. All other keys are made where a machine starts.
 */
import { readFile } from 'node:fs/promises'
import type { StoredKeys } from '../../fixtures/keys.ts'
import { gpuVendor, keyService } from '../ai/made-up.ts'

/** As JSON, because the build writes it into the worker. */
export interface Authority {
  /** The certificate of the root: DER, base64. */
  readonly root: string
  /** Of `root`, and of others by their names. */
  readonly keys: StoredKeys
}

export interface Authorities {
  readonly aws: Authority
  readonly intel: Authority
}

export async function readAuthorities(): Promise<Authorities> {
  const [aws, intel] = await Promise.all([storedIn('nitro'), storedIn('tdx')])
  return {
    aws: { root: aws.root, keys: { root: aws.fixture.root } },
    intel: {
      root: intel.root,
      keys: { root: intel.fixture.root, [gpuVendor]: intel.fixture.stranger, [keyService]: intel.other.root },
    },
  }
}

interface Stored {
  readonly root: string
  readonly fixture: Readonly<Record<'root' | 'stranger', JsonWebKey>>
  readonly other: Readonly<Record<'root', JsonWebKey>>
}

async function storedIn(format: 'nitro' | 'tdx'): Promise<Stored> {
  const read = (name: string): Promise<Buffer> => readFile(new URL(`../../fixtures/${format}/${name}`, import.meta.url))
  const [root, keys] = await Promise.all([read('root.der'), read('pki.json')])
  return { ...(JSON.parse(keys.toString()) as Omit<Stored, 'root'>), root: root.toString('base64') }
}
