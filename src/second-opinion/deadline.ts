/**
 * An end to waiting. It cannot interrupt a library that computes, whose work is bounded by what it
 * is given; it ends the wait for promises that do not come.
 */

/** What is left of {@link within} when the time is up. */
export const late: unique symbol = /* @__PURE__ */ Symbol('late')

/** What `work` resolves to, or {@link late} when it takes longer. */
export async function within<T>(work: Promise<T>, milliseconds: number): Promise<T | typeof late> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const end = new Promise<typeof late>((resolve) => {
    timer = setTimeout(() => {
      resolve(late)
    }, milliseconds)
  })
  try {
    return await Promise.race([work, end])
  } finally {
    clearTimeout(timer)
  }
}
