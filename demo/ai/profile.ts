/**
 * The provider of the demo, as a profile: data that says what its report holds and what vouches for
 * the key of its channel. Addresses are those of the relay, because a page can reach nothing else.
 */

/** Exists nowhere: a prompt that were not sealed would reach no one. */
export const providerOrigin = 'https://provider.invalid'

export const profile = {
  profile: 'veritee.provider/1',
  name: 'demo',
  revision: 1,
  asOf: '2026-11-30',
  // The relay's.
  origin: null,
  documents: {
    report: {
      method: 'GET',
      path: '/ai/relay/{relay}/report',
      query: { nonce: { nonce: 'hex' } },
      authorization: 'none',
      maximumBytes: 1_048_576,
    },
  },
  components: {
    machine: {
      in: '#report/gateway',
      evidence: { format: 'tdx', at: '/quote', as: 'hex' },
      eventLog: { at: '/event_log', as: 'json-text' },
      dstack: { appCompose: '/app_compose', appCertificate: '/app_cert', mrConfig: 1 },
      reportData: [
        {
          sha256: [
            { at: '/signing_key', as: 'hex', size: 32 },
            { at: '/tls', as: 'hex', size: 32 },
          ],
        },
        { nonce: 'raw' },
      ],
      nonces: [{ at: '/nonce', as: 'hex' }],
      constants: { '/algorithm': 'ed25519' },
      gpus: { list: '/gpus!/list', nonce: [{ nonce: 'raw' }] },
      notAfter: { at: '#report/not_after', as: 'unix' },
    },
  },
  channel: {
    kind: 'ohttp',
    component: 'machine',
    key: { at: '#report/config', as: 'hex', form: 'single' },
    vouched: { by: 'ed25519', key: '/signing_key', signature: { at: '#report/signature', as: 'hex' } },
    endpoint: '/ohttp',
    chunked: true,
  },
  unproven: [
    {
      id: 'gpu-machine',
      why: 'Processor and graphics processors answer one nonce: both are fresh. It does not say that they are in one machine.',
    },
  ],
} as const
