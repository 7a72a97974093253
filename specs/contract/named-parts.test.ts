// Extensions and kernels that a contract says more of than upstream's name.
import { describe, expect, it } from 'vitest'
import { SchemaError } from '#harness/errors.ts'
import { expectCode } from '#harness/testing/expect-code.ts'
import { extensionNames, heldExtensions, ownExtensions, ownKernel, parseContract } from './contract.ts'

const KEY = 'a'.repeat(64)

describe('an extension of one’s own', () => {
  const signer = { issuer: 'https://issuer.example.com', subject: 'me' }
  const own = { name: 'agent', image: 'ghcr.io/you/agent:v1', signer }
  const parse = (...variants: readonly (readonly unknown[])[]) =>
    parseContract(
      Buffer.from(
        JSON.stringify({ variants: Object.fromEntries(variants.map((extensions, at) => [`v${at}`, { extensions }])) }),
      ),
      'own.yaml',
    )

  it('is in the list by its name, and not looked for in the catalogue', () => {
    const contract = parse(['drbd', own], [own, 'zfs'])
    expect(contract.variants['v0']?.extensions).toEqual(['drbd', 'agent'])
    expect(ownExtensions(contract)).toEqual([own])
    expect(extensionNames(contract)).toEqual(['drbd', 'zfs'])
    expect(parse(['drbd']).variants['v0']).not.toHaveProperty('own')
  })

  it.each([
    ['upstream’s in another variant', [[own], ['agent']]],
    ['another image in another variant', [[own], [{ ...own, image: 'ghcr.io/you/agent:v2' }]]],
  ] as const)('is refused where it is %s', (_, variants) => {
    expect(() => parse(...variants)).toThrow('agent is another extension in one variant than in another')
  })

  it.each([
    ['without a signer', { name: 'agent', image: own.image }, '/variants/v0/extensions/0/signer'],
    ['signed, and no image', { name: 'agent', signer }, '/variants/v0/extensions/0/image'],
    ['without a tag', { ...own, image: 'ghcr.io/you/agent' }, '/variants/v0/extensions/0/image'],
    ['by its name in a mapping', { name: 'agent' }, '/variants/v0/extensions/0/image'],
    ['held at no tag of Talos', { name: 'agent', talos: '1.11.4' }, '/variants/v0/extensions/0/talos'],
    ['with a key of other letters', { ...own, modulesKey: 'A'.repeat(64) }, '/variants/v0/extensions/0/modulesKey'],
    ['with a key that upstream’s kernel has not', { ...own, modulesKey: KEY }, '/variants/v0/extensions/0/modulesKey'],
    [
      'with a key and no image',
      { name: 'agent', talos: 'v1.11.4', modulesKey: KEY },
      '/variants/v0/extensions/0/image',
    ],
  ])('is refused %s, and the place is said', async (_, extension, path) => {
    const { issues } = await expectCode<SchemaError>(() => parse([extension]), SchemaError, 'SCHEMA')
    expect(issues.map((issue) => issue.path)).toContain(path)
  })
})

describe('an extension that is held back', () => {
  const parse = (text: string) => parseContract(Buffer.from(text), 'own.yaml')

  it('is in the list by its name, and not looked for in the catalogue of the release', () => {
    const contract = parse('variants: {a: {extensions: [drbd, {name: spin, talos: v1.11.4}]}}')
    expect(contract.variants['a']?.extensions).toEqual(['drbd', 'spin'])
    expect([heldExtensions(contract), extensionNames(contract)]).toEqual([
      [{ name: 'spin', talos: 'v1.11.4' }],
      ['drbd'],
    ])
  })

  it('is refused where another variant takes that of the release', () => {
    expect(() => parse('variants: {a: {extensions: [{name: spin, talos: v1.11.4}]}, b: {extensions: [spin]}}')).toThrow(
      'spin is another extension in one variant than in another',
    )
  })
})

describe('a kernel of one’s own', () => {
  const signer = { issuer: 'https://issuer.example.com', subject: 'me' }
  const image = 'ghcr.io/you/kernel:v1.11.5'
  const parse = (kernel: object, extension?: object) =>
    parseContract(
      Buffer.from(
        JSON.stringify({ variants: { a: { extensions: extension === undefined ? [] : [extension] } }, kernel }),
      ),
      'own.yaml',
    )

  it('is an image and who signs it', () => {
    expect(ownKernel(parse({ image, signer, builtIn: ['KVM'] }))).toEqual({ image, signer })
    expect(ownKernel(parse({}))).toBeUndefined()
  })

  it('lets an extension have a key of its own', () => {
    const drbd = { name: 'drbd', image: 'ghcr.io/you/drbd:v1', signer, modulesKey: KEY }
    expect(ownExtensions(parse({ image, signer }, drbd))).toEqual([drbd])
  })

  it.each([
    ['without a signer', { image }, '/kernel'],
    ['signed, and no image', { signer }, '/kernel/signer'],
    ['without a tag', { image: 'ghcr.io/you/kernel', signer }, '/kernel/image'],
  ])('is refused %s, and the place is said', async (_, kernel, path) => {
    const { issues } = await expectCode<SchemaError>(() => parse(kernel), SchemaError, 'SCHEMA')
    expect(issues.map((issue) => issue.path)).toContain(path)
  })
})
