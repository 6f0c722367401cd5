/**
 * Ways to the Nitro Security Module. Its driver has one call, `ioctl(NSM_IOCTL_RAW)` on `/dev/nsm`
 * (Linux, `include/uapi/linux/nsm.h`), with a request and room for an answer. Deno and Bun can make
 * it themselves; Node cannot, so there a small program makes it ({@link nsmCommand}).
 */
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { itemsOf, knownOptions, requireOption } from '../core/options.ts'
import { type Bytes, concatBytes, copyBytes, isBytes } from '../encoding/bytes.ts'

/** Sends one message to the module: CBOR in, CBOR out. */
export type NsmDevice = (request: Uint8Array) => Uint8Array | Promise<Uint8Array>

/** Options of {@link nsmDevice}. Unknown ones are a `TypeError`. */
export interface NsmDeviceOptions {
  /** Default `/dev/nsm`. */
  readonly path?: string
  /** The C library, for its `open`, `ioctl` and `close`. Default: glibc's, or else musl's. */
  readonly library?: string
}

/** What the driver takes and gives at most (`NSM_REQUEST_MAX_SIZE`, `NSM_RESPONSE_MAX_SIZE`). */
const [requestSize, responseSize] = [0x1000, 0x3000]
const messageSize = 32
/** `_IOWR(0x0A, 0x0, struct nsm_raw)`, whose size is 32. */
const ioctlRaw = 0xc020_0a00n
const readWrite = 2
/** A program that takes longer is ended: the module answers within milliseconds. */
const patienceMs = 30_000

/** The C library, as both runtimes present it. Addresses are numbers of 64 bits. */
interface Libc {
  open(path: bigint, flags: number): number
  ioctl(descriptor: number, request: bigint, message: bigint): number
  close(descriptor: number): number
  addressOf(bytes: Bytes): bigint
}

/**
 * The module's device, by `ioctl` through the foreign function interface of Deno (which needs
 * `--allow-ffi` and `--allow-read`) or Bun. The first message opens the device.
 * @throws TypeError when an option is wrong. Messages reject with an `Error` in Node, which has no
 *   such interface, and where the device cannot be opened or does not answer.
 */
export function nsmDevice(options: NsmDeviceOptions = {}): NsmDevice {
  const { path = '/dev/nsm', library } = knownOptions<NsmDeviceOptions>(options, ['path', 'library'])
  requireOption('path', 'a path', isText(path))
  requireOption('library', 'the name of a library', library === undefined || isText(library))
  let libc: Libc | undefined
  return (request) => {
    requireOption('request', `at most ${requestSize} bytes`, isBytes(request) && request.length <= requestSize)
    libc ??= openLibrary(library)
    return ask(libc, path, copyBytes(request))
  }
}

/**
 * Opens the device, sends, and closes: one message takes milliseconds, and nothing stays open. All
 * that the driver reads and writes is in one piece of memory, which is in use until the answer was
 * read: so nothing of it is freed or moved meanwhile.
 */
function ask(libc: Libc, path: string, request: Bytes): Bytes {
  const name = new TextEncoder().encode(`${path}\0`)
  const requestAt = messageSize + responseSize
  const nameAt = requestAt + request.length
  const memory = new Uint8Array(nameAt + name.length)
  memory.set(request, requestAt)
  memory.set(name, nameAt)
  const base = libc.addressOf(memory)
  // `struct nsm_raw`: address and length of the request, then of the response. Nitro runs on x86-64
  // and Graviton: both are little-endian.
  const message = new DataView(memory.buffer)
  message.setBigUint64(0, base + BigInt(requestAt), true)
  message.setBigUint64(8, BigInt(request.length), true)
  message.setBigUint64(16, base + BigInt(messageSize), true)
  message.setBigUint64(24, BigInt(responseSize), true)
  const descriptor = libc.open(base + BigInt(nameAt), readWrite)
  if (descriptor < 0) throw new Error(`${path} cannot be opened: is this a Nitro enclave?`)
  try {
    if (libc.ioctl(descriptor, ioctlRaw, base) < 0)
      throw new Error(`${path} does not answer as the Nitro Security Module does`)
    // The driver writes the length of the answer where the room for it was.
    const length = Number(message.getBigUint64(24, true))
    if (length > responseSize) throw new Error(`${path} answered ${length} bytes into ${responseSize}`)
    return memory.slice(messageSize, messageSize + length)
  } finally {
    libc.close(descriptor)
  }
}

/** What {@link openLibrary} uses of Deno. */
interface DenoFfi {
  dlopen(library: string, symbols: object): { readonly symbols: Omit<Libc, 'addressOf'> }
  readonly UnsafePointer: { of(bytes: Bytes): object | null; value(pointer: object | null): bigint }
}

/** What {@link openLibrary} uses of `bun:ffi`. */
interface BunFfi {
  dlopen(library: string, symbols: object): { readonly symbols: Omit<Libc, 'addressOf'> }
  ptr(bytes: Bytes): number
}

/** @throws Error in runtimes that cannot call a library, and where there is none */
function openLibrary(library: string | undefined): Libc {
  // Both have types of their own for these names, which do not matter here.
  const { Deno: deno, Bun: bun } = globalThis as unknown as { readonly Deno?: DenoFfi; readonly Bun?: unknown }
  if (deno !== undefined) {
    const symbols = {
      open: { parameters: ['u64', 'i32'], result: 'i32' },
      ioctl: { parameters: ['i32', 'u64', 'u64'], result: 'i32' },
      close: { parameters: ['i32'], result: 'i32' },
    }
    const { UnsafePointer } = deno
    const addressOf = (bytes: Bytes): bigint => UnsafePointer.value(UnsafePointer.of(bytes))
    return { ...firstOf(library, (name) => deno.dlopen(name, symbols).symbols), addressOf }
  }
  if (bun !== undefined) {
    const ffi = createRequire(import.meta.url)('bun:ffi') as BunFfi
    const symbols = {
      open: { args: ['u64', 'i32'], returns: 'i32' },
      ioctl: { args: ['i32', 'u64', 'u64'], returns: 'i32' },
      close: { args: ['i32'], returns: 'i32' },
    }
    return {
      ...firstOf(library, (name) => ffi.dlopen(name, symbols).symbols),
      addressOf: (bytes) => BigInt(ffi.ptr(bytes)),
    }
  }
  throw new Error('this runtime has no ioctl: give nsmSource a device, nsmCommand say')
}

/** Opens the library that was named, else the first that is there. */
function firstOf<T>(library: string | undefined, open: (name: string) => T): T {
  const names = library === undefined ? ['libc.so.6', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1'] : [library]
  const failures: unknown[] = []
  for (const name of names) {
    try {
      return open(name)
    } catch (error) {
      failures.push(error)
    }
  }
  throw new Error(`no C library can be called: tried ${names.join(', ')}`, { cause: failures[0] })
}

/** Options of {@link nsmCommand}. Unknown ones are a `TypeError`. */
export interface NsmCommandOptions {
  /** What the program is called with. Default: nothing. */
  readonly parameters?: readonly string[]
}

/**
 * A program that makes the call, for Node: it gets the message on its standard input until the end,
 * writes the answer to its standard output and ends with 0. Its source in C is in
 * `demo/examples/enclave/nsm.c`; it is as trusted as the rest of the image, and measured with it.
 * @param program its path: it is not looked for in a shell
 * @throws TypeError when an option is wrong. Messages reject with an `Error` that has what the
 *   program complained about.
 */
export function nsmCommand(program: string, options: NsmCommandOptions = {}): NsmDevice {
  const { parameters = [] } = knownOptions<NsmCommandOptions>(options, ['parameters'])
  const given = itemsOf(parameters)
  requireOption('program', 'a path', isText(program))
  requireOption('parameters', 'a list of texts', Array.isArray(parameters) && given.every(isText))
  return (request) => {
    requireOption('request', `at most ${requestSize} bytes`, isBytes(request) && request.length <= requestSize)
    return run(program, given as readonly string[], copyBytes(request))
  }
}

function run(program: string, parameters: readonly string[], request: Bytes): Promise<Bytes> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, {
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: patienceMs,
      killSignal: 'SIGKILL',
    })
    const answer: Uint8Array[] = []
    const complaints: Uint8Array[] = []
    let length = 0
    child.once('error', (cause) => {
      reject(new Error(`${program} cannot be run`, { cause }))
    })
    child.stdout.on('data', (piece: Uint8Array) => {
      length += piece.length
      if (length > responseSize) child.kill()
      else answer.push(piece)
    })
    child.stderr.on('data', (piece: Uint8Array) => {
      if (complaints.length < 16) complaints.push(piece)
    })
    child.once('close', (code) => {
      if (code === 0 && length <= responseSize) resolve(concatBytes(...answer))
      else {
        const said = new TextDecoder().decode(concatBytes(...complaints)).trim()
        const how = length > responseSize ? `wrote more than ${responseSize} bytes` : `ended with ${code}`
        reject(new Error(`${program} ${how}${said === '' ? '' : `: ${said}`}`))
      }
    })
    // A program that ends without reading is told by how it ended.
    child.stdin.once('error', () => undefined)
    child.stdin.end(request)
  })
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('\0')
}
