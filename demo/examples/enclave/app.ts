// The app that runs in the enclave: a fetch handler. It sees requests as they were before they were sealed, and no one else does.
export function app(request: Request): Response | Promise<Response> {
  const { pathname } = new URL(request.url)
  if (request.method === 'POST' && pathname === '/message')
    return request.text().then((text) => Response.json({ characters: text.length }))
  return new Response('not found', { status: 404 })
}
