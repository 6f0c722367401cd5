/**
 * What is made up on both sides: the application of the provider, and what its GPUs sign.
 */

/** The app-compose that the machine measures, and this page accepts by its hash. */
export const demoCompose: string = JSON.stringify(
  {
    manifest_version: 2,
    name: 'demo-model',
    runner: 'docker-compose',
    docker_compose_file: `services:\n  model:\n    image: example/model@sha256:${'d3'.repeat(32)}\n`,
  },
  null,
  2,
)

const purpose = 'veritee demo: evidence of a GPU'

/** What a GPU of the demo signs: a purpose, the nonce that it was asked with, and its number. */
export function gpuStatement(nonce: Uint8Array, index: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array([...new TextEncoder().encode(purpose), ...nonce, index])
}

/** Where the nonce is in a statement. */
export const gpuNonce = (statement: Uint8Array): Uint8Array => statement.slice(purpose.length, purpose.length + 32)

/** Whose keys are public: the vendor of GPUs, and the service that gives applications their keys. */
export const gpuVendor = 'gpu-vendor'
export const keyService = 'key-service'
