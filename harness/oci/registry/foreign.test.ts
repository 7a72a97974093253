// A layer that a manifest says is elsewhere (`urls` of a descriptor).
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { digestOf } from '../../bytes/digest.ts'
import { Spool } from '../../bytes/spool.ts'
import { serve } from '../../testing/http-server.ts'
import { imageOf, json, tarOf } from '../../testing/oci-samples.ts'
import { openCache } from '../cache/cache.ts'
import { openImage } from '../image/image.ts'
import { OCI_MANIFEST } from '../image/media-types.ts'
import { parseReference, type RegistryReference } from '../image/reference.ts'
import { openRegistryAccess } from './access.ts'
import { pullLayers, readDocuments } from './pull.ts'
import { registryStore } from './registry.ts'

const folder = await mkdtemp(join(tmpdir(), 'foreign-'))
afterAll(() => rm(folder, { recursive: true }))

it('asks no other host for a layer that is not there (CVE-2020-15157)', async () => {
  await using thief = await serve((_, response) => void response.end())
  const image = imageOf([tarOf([{ name: 'a' }])])
  const document = JSON.parse(image.manifest.toString()) as { readonly layers: readonly object[] }
  const elsewhere = digestOf(Buffer.from('elsewhere'))
  const manifest = json({
    ...document,
    layers: [{ ...document.layers[0], digest: elsewhere, urls: [`${thief.url}/layer`] }],
  })
  await using server = await serve(({ url }, response) => {
    if (url.includes('/manifests/')) response.writeHead(200, { 'content-type': OCI_MANIFEST }).end(manifest)
    else if (url.endsWith(digestOf(image.config))) response.end(image.config)
    else response.writeHead(404).end()
  })
  const access = openRegistryAccess({
    cache: await openCache(join(folder, 'cache')),
    network: { credentials: async () => ({ username: 'u', password: 'p', from: 'test' }) },
  })
  const reference = parseReference(`${server.host}/you/image:v1`) as RegistryReference
  const store = registryStore(reference, access)
  await pullLayers(access, [
    await readDocuments(reference, store, await openImage(store, { spool: new Spool(folder) })),
  ])
  expect(Object.keys(access.failures())).toEqual([expect.stringContaining(elsewhere)])
  expect(thief.asked).toEqual([])
  await store.close()
  await access.close()
})
