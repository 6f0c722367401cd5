/**
 * Pages of other origins may ask, where the caller says so (CORS, WHATWG Fetch section 3.3).
 * Nothing is protected by refusing them: who asks without a browser needs no leave. Credentials are
 * never allowed, because none are looked at.
 */

/** @param allowed origins of pages, or `*` for all */
export function forPagesOf(
  allowed: ReadonlySet<string>,
  endpoint: (request: Request) => Promise<Response>,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const origin = request.headers.get('origin')
    if (origin === null || !(allowed.has('*') || allowed.has(origin))) return endpoint(request)
    const headers = { 'access-control-allow-origin': origin, vary: 'origin' }
    if (request.method === 'OPTIONS' && request.headers.has('access-control-request-method'))
      return new Response(null, {
        status: 204,
        headers: {
          ...headers,
          'access-control-allow-methods': 'POST',
          'access-control-allow-headers': 'content-type',
          'access-control-max-age': '600',
        },
      })
    const response = await endpoint(request)
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value)
    return response
  }
}
