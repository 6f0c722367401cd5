/**
 * Lets everything that can go on go on. WebCrypto works in threads of its own: how many turns of
 * the event loop it takes depends on what else the machine does. Its work is therefore counted, and
 * turns only count while there is none.
 *
 * Set up before the modules of a test file load (`setupFiles` in vitest.config.ts), because the
 * library takes these functions when it loads.
 */

let underWay = 0

const subtle = crypto.subtle as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>
for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(subtle))) {
  const real = subtle[name]
  if (name === 'constructor' || typeof real !== 'function') continue
  Object.defineProperty(subtle, name, {
    configurable: true,
    writable: true,
    value: async (...given: unknown[]) => {
      underWay++
      try {
        return await real.apply(subtle, given)
      } finally {
        underWay--
      }
    },
  })
}

/** @param turns of the event loop, one after another, in which WebCrypto has nothing to do */
export async function settle(turns = 30): Promise<void> {
  for (let quiet = 0; quiet < turns; quiet = underWay === 0 ? quiet + 1 : 0)
    await new Promise((resolve) => setImmediate(resolve))
}
