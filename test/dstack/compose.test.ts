/**
 * App-compose files: their hash, their normal form, and which of their images are named by a
 * digest. What hides an image is not called pinned.
 */
import { describe, expect, test } from 'vitest'
import { composeHash, composeImages, normalizeAppCompose } from '../../src/dstack/index.ts'
import { unpinnedImage } from '../../src/dstack/compose.ts'
import { VerificationError } from '../../src/core/errors.ts'

const pinned = `example/app@sha256:${'a'.repeat(64)}`
const file = (text: string, over: object = {}): string =>
  JSON.stringify({ runner: 'docker-compose', docker_compose_file: text, ...over })

test('the hash is that of the text, white space and all', async () => {
  expect(await composeHash('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  expect(await composeHash('{ }')).not.toBe(await composeHash('{}'))
  await expect(composeHash(1 as never)).rejects.toThrow(TypeError)
})

describe('images', () => {
  test.each<[string, string, string[]]>([
    ['block style', 'services:\n  a:\n    image: x:1\n  b:\n    image: y', ['x:1', 'y']],
    ['quotes', 'services:\n  a:\n    "image": "x:1"\n  b:\n    \'image\' : \'y\'', ['x:1', 'y']],
    ['flow style', 'services: {a: {image: x:1, restart: always}, b: {"image":"y"}}', ['x:1', 'y']],
    ['a comment behind it', 'services:\n  a:\n    image: x:1 # latest', ['x:1']],
    ['a comment is none', 'services:\n  # image: z\n  a:\n    image: x:1', ['x:1']],
    ['a variable', 'services:\n  a:\n    image: ${IMAGE:-x@sha256:00}', ['${IMAGE:-x@sha256:00}']],
    ['a value on the next line', 'services:\n  a:\n    image:\n      x:1', ['']],
    ['other keys that end so', 'services:\n  a:\n    base_image: z\n    x-image: z\n    image: x:1', ['x:1']],
    ['carriage returns', 'services:\r  a:\r\n    image: x:1\r', ['x:1']],
    ['none', 'services: {}', []],
  ])('%s', (_name, text, references) => {
    expect(composeImages(file(text)).map(({ reference }) => reference)).toEqual(references)
  })

  test('another runner has none', () => {
    expect(composeImages(JSON.stringify({ runner: 'bash', bash_script: 'image: x' }))).toEqual([])
  })

  test.each<[string, string, string | undefined]>([
    ['a digest', `services:\n  a:\n    image: ${pinned}`, undefined],
    [
      'a digest with a port and a tag',
      `services:\n  a:\n    image: r.example:5000/app:1@sha256:${'a'.repeat(64)}`,
      undefined,
    ],
    ['a tag', 'services:\n  a:\n    image: x:1', 'x:1'],
    ['a digest that is short', 'services:\n  a:\n    image: x@sha256:aa', 'x@sha256:aa'],
    ['a digest as the default of a variable', `services:\n  a:\n    image: \${A:-${pinned}}`, `\${A:-${pinned}}`],
    ['a variable in front of a digest', `services:\n  a:\n    image: \${R}/${pinned}`, `\${R}/${pinned}`],
    ['an alias', `x: &i ${pinned}\nservices:\n  a:\n    image: *i`, '*i'],
    ['no image', 'services: {}', 'no image'],
    ['a build', `services:\n  a:\n    image: ${pinned}\n    build: .`, 'build: .'],
    ['another file', `services:\n  a:\n    image: ${pinned}\n    extends: {file: b.yml}`, 'extends: {file: b.yml}'],
    ['an include', `include:\n  - b.yml\nservices:\n  a:\n    image: ${pinned}`, 'include:'],
    [
      'a list of files to watch is no include',
      `services:\n  a:\n    image: ${pinned}\n    x: {}\n      include: [a.log]`,
      undefined,
    ],
    [
      'a key with an escape',
      `services:\n  a:\n    image: ${pinned}\n  b:\n    "im\\u0061ge": x:1`,
      '"im\\u0061ge": x:1',
    ],
    ['an explicit key', `services:\n  a:\n    image: ${pinned}\n  b:\n    ? image\n    : x:1`, '? image'],
  ])('pinned or not: %s', (_name, text, unpinned) => {
    expect(unpinnedImage(file(text))).toBe(unpinned)
  })

  test.each<[string, string, RegExp]>([
    ['no JSON', 'services:', /^app-compose: not JSON$/],
    ['no object', '[]', /^app-compose: expected an object with runner and docker_compose_file$/],
    ['a compose file that is no text', file('', { docker_compose_file: 1 }), /expected an object with runner/],
    [
      'two compose files',
      '{"runner":"docker-compose","docker_compose_file":"","docker_compose_file":""}',
      /a name is there twice/,
    ],
    ['a text without end', ' '.repeat(2 ** 20 + 1), /^app-compose: more than 1048576 characters$/],
  ])('refused: %s', (_name, text, message) => {
    expect(() => composeImages(text)).toThrow(VerificationError)
    expect(() => composeImages(text)).toThrow(message)
  })

  test('time grows no faster than the text', () => {
    const bombs = ['image: ${', 'image: "', '"\\', 'image ', 'image:\n', '"\\":']
    for (const bomb of bombs) expect(() => unpinnedImage(file(bomb.repeat(100_000 / bomb.length)))).not.toThrow()
  })
})

describe('normal form', () => {
  test('members in order of their code units, at every depth', () => {
    expect(normalizeAppCompose({ runner: 'bash', b: [{ z: 1, a: 2 }], 10: 1, 9: 2 })).toBe(
      '{"10":1,"9":2,"b":[{"a":2,"z":1}],"runner":"bash"}',
    )
  })

  test('what the runner does not read is left out, and so is an empty script', () => {
    expect(normalizeAppCompose({ runner: 'bash', docker_compose_file: 'x', pre_launch_script: '' })).toBe(
      '{"runner":"bash"}',
    )
    expect(normalizeAppCompose({ runner: 'docker-compose', bash_script: 'x', pre_launch_script: 'y' })).toBe(
      '{"pre_launch_script":"y","runner":"docker-compose"}',
    )
  })

  test.each<[string, unknown]>([
    ['no object', 1],
    ['a list', []],
    ['what JSON cannot hold', { a: 1n }],
    ['a circle', ((circle: { self?: unknown }) => (circle.self = circle))({})],
  ])('refused: %s', (_name, value) => {
    expect(() => normalizeAppCompose(value as object)).toThrow(TypeError)
  })
})
