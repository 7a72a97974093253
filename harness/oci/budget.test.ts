// The limits over everything that one reference leads to, each on both sides.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { BUDGET, type BudgetName } from '../budget.ts'
import { Spool } from '../bytes/spool.ts'
import { FormatError, RegistryError } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { serve, type Handler } from '../testing/http-server.ts'
import * as samples from '../testing/oci-samples.ts'
import { digestOf } from '../bytes/digest.ts'
import { openCache } from './cache/cache.ts'
import { openImage, type OciImage } from './image/image.ts'
import { OCI_INDEX, OCI_MANIFEST } from './image/media-types.ts'
import { parseReference, type RegistryReference } from './image/reference.ts'
import { RETRY_POLICY } from './client/http/retry.ts'
import { openRegistryAccess } from './registry/access.ts'

const folder = await mkdtemp(join(tmpdir(), 'budget-'))
afterAll(() => rm(folder, { recursive: true }))
let caches = 0

const TARS = [samples.tarOf([{ name: 'a' }, { name: 'b' }]), samples.tarOf([{ name: 'c', content: 'x' }])]
const BYTES = TARS.reduce((sum, tar) => sum + tar.length, 0)
const IMAGE = samples.imageOf(TARS)

async function withLimit<T>(name: BudgetName, limit: number, use: (spool: Spool) => Promise<T>): Promise<T> {
  const spool = new Spool(folder, { ...BUDGET, [name]: limit })
  try {
    return await use(spool)
  } finally {
    await spool.close()
  }
}
const root = samples.descriptorOf(IMAGE.manifest, OCI_MANIFEST)
const treeWithin = (name: BudgetName, limit: number): Promise<unknown> =>
  withLimit(name, limit, async (spool) => (await openImage(samples.memoryStore(root, IMAGE.blobs), { spool })).tree())

const index = (count: number): Buffer =>
  samples.indexOf(Array.from({ length: count }, () => samples.manifestDescriptor(IMAGE)))
const openIndex = (count: number): Promise<OciImage> =>
  withLimit('children', 3, (spool) => {
    const bytes = index(count)
    const store = samples.memoryStore(samples.descriptorOf(bytes, OCI_INDEX), new Map([[digestOf(bytes), bytes]]))
    return openImage(store, { spool })
  })

describe('the budget of a reference', () => {
  it.each<[BudgetName, number]>([
    ['entries', 3],
    ['bytes', BYTES],
  ])('counts %s over all layers (CVE-2026-47262)', async (name, enough) => {
    expect(await treeWithin(name, enough)).toBeDefined()
    const error = await expectCode(() => treeWithin(name, enough - 1), FormatError, 'LIMIT_EXCEEDED')
    expect(error.message).toMatch(`at most ${enough - 1} `)
    expect(error.message).toMatch(`raise it with --limit ${name}=VALUE`)
  })

  it('counts the manifests of an index', async () => {
    expect((await openIndex(3)).children).toHaveLength(3)
    const error = await expectCode(() => openIndex(4), FormatError, 'LIMIT_EXCEEDED')
    expect(error.message).toMatch('at most 3 manifests in an index')
  })

  const tagged: Handler = (_, response) =>
    void response.writeHead(200, { 'content-type': OCI_MANIFEST }).end(IMAGE.manifest)
  const stalled: Handler = () => undefined
  const trickled: Handler = (_, response) => {
    response.writeHead(200, { 'content-type': OCI_MANIFEST })
    const timer = setInterval(() => response.write(' '), 20)
    response.on('close', () => clearInterval(timer))
  }
  async function resolveTags(
    handler: Handler,
    names: readonly string[],
    limits: Partial<typeof BUDGET>,
    documentMs = 120_000,
  ) {
    await using server = await serve(handler)
    const access = openRegistryAccess({
      cache: await openCache(join(folder, `${caches++}`)),
      network: { credentials: async () => undefined, limits: { documentMs } },
      limits: { ...BUDGET, ...limits },
    })
    const started = performance.now()
    try {
      for (const name of names) await access.resolve(parseReference(`${server.host}/${name}`) as RegistryReference)
      return server.asked.length
    } finally {
      expect(performance.now() - started).toBeLessThan(60_000)
      await access.close()
    }
  }

  it('counts requests to each repository', async () => {
    expect(await resolveTags(tagged, ['a:v1', 'a:v2', 'b:v1'], { requests: 2 })).toBe(3)
    const ask = () => resolveTags(tagged, ['a:v1', 'a:v2', 'a:v3'], { requests: 2 })
    expect((await expectCode(ask, FormatError, 'LIMIT_EXCEEDED')).message).toMatch('at most 2 requests')
  })

  it('says once that a registry is silent, and until when it is waited for', async () => {
    const said: string[] = []
    await using server = await serve(stalled)
    const access = openRegistryAccess({
      cache: await openCache(join(folder, `${caches++}`)),
      network: { credentials: async () => undefined, limits: { retry: { ...RETRY_POLICY, budgetMs: 5000 } } },
      waiting: { afterMs: 20, notify: (message) => said.push(message) },
      limits: { ...BUDGET, seconds: 1 },
    })
    const names = ['a:v1', 'a:v2', 'b:v1'].map((name) => parseReference(`${server.host}/${name}`) as RegistryReference)
    await Promise.allSettled(names.map((name) => access.resolve(name)))
    await access.close()
    const sentence = (name: string): string =>
      `${server.host}/${name} has not answered for 1 s; it is given up after 5 s or a little more`
    expect(said.toSorted()).toEqual([sentence('a'), sentence('b')])
  })

  it('says nothing of a registry that answers', async () => {
    const said: string[] = []
    await using server = await serve(tagged)
    const access = openRegistryAccess({
      cache: await openCache(join(folder, `${caches++}`)),
      network: { credentials: async () => undefined },
      waiting: { afterMs: 60_000, notify: (message) => said.push(message) },
    })
    await access.resolve(parseReference(`${server.host}/a:v1`) as RegistryReference)
    await access.close()
    expect(said).toEqual([])
  })

  it('ends when the time is over', async () => {
    const error = await expectCode(() => resolveTags(stalled, ['a:v1'], { seconds: 1 }), FormatError, 'LIMIT_EXCEEDED')
    expect(error.message).toMatch('at most 1 seconds for all of it')
  })

  it('does not follow a manifest that trickles, nor ask for it again', async () => {
    const ask = () => resolveTags(trickled, ['a:v1'], {}, 500)
    const error = await expectCode(ask, RegistryError, 'REGISTRY_UNAVAILABLE')
    expect(error.message).toMatch('got no end of it in time')
  })

  it('keeps a layer beyond it as it came, without its tar', async () => {
    const layer = gzipSync(TARS[0] ?? '')
    await using server = await serve((_, response) => void response.writeHead(200).end(layer))
    const cache = await openCache(join(folder, `${caches++}`))
    const access = openRegistryAccess({
      cache,
      network: { credentials: async () => undefined },
      limits: { ...BUDGET, bytes: 1024 },
    })
    const reference = parseReference(`${server.host}/a:v1`) as RegistryReference
    const descriptor = samples.descriptorOf(layer, 'application/vnd.oci.image.layer.v1.tar+gzip')
    await access.ensure(reference, descriptor)
    const kept = await access.find(reference, descriptor)
    expect(kept?.source.size).toBe(layer.length)
    await kept?.close()
    expect(await cache.find('tars', digestOf(TARS[0] ?? new Uint8Array()), {})).toBeUndefined()
    await access.close()
  })
})
