// An answer that is in the cache from before does not stand in for one that fails now, whatever it fails by.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { BUDGET } from '../../budget.ts'
import { digestOf } from '../../bytes/digest.ts'
import type { RegistryError } from '../../errors.ts'
import { serve, type Handler } from '../../testing/http-server.ts'
import { imageOf, indexOf, manifestDescriptor, tarOf } from '../../testing/oci-samples.ts'
import { openCache } from '../cache/cache.ts'
import { OCI_INDEX, OCI_MANIFEST } from '../image/media-types.ts'
import { parseReference, type RegistryReference } from '../image/reference.ts'
import { openRegistryAccess, type AccessOptions } from './access.ts'

const folder = await mkdtemp(join(tmpdir(), 'stale-'))
afterAll(() => rm(folder, { recursive: true }))
let caches = 0

const IMAGE = imageOf([tarOf([{ name: 'a' }])])
const DIGEST = digestOf(IMAGE.manifest)
const LIST = indexOf([manifestDescriptor(IMAGE)])
const codeOf = (error: RegistryError): string => error.code
const network = { credentials: async () => undefined }

const answer: Handler = ({ url }, response) => {
  const [type, body] = url.includes('/referrers/') ? [OCI_INDEX, LIST] : [OCI_MANIFEST, IMAGE.manifest]
  response.writeHead(200, { 'content-type': type }).end(body)
}
/** More than a manifest or a list may have. */
const big: Handler = ({ url }, response) => {
  response.writeHead(200, { 'content-type': url.includes('/referrers/') ? OCI_INDEX : OCI_MANIFEST })
  response.end(' '.repeat(5 << 20))
}

describe('what is asked beside an image', () => {
  it.each<[string, Handler, Partial<AccessOptions>, RegistryError['code']]>([
    ['is refused', (_, response) => void response.writeHead(403).end(), {}, 'REGISTRY_DENIED'],
    ['is bigger than a manifest may be', big, {}, 'REGISTRY_PROTOCOL'],
    ['is over the budget of requests', answer, { limits: { ...BUDGET, requests: 1 } }, 'REGISTRY_PROTOCOL'],
  ])('and %s is not what the cache knows of it', async (_, later, options, code) => {
    let handler = answer
    await using server = await serve((...all) => handler(...all))
    const cache = await openCache(join(folder, `${caches++}`))
    const image = parseReference(`${server.host}/you/image`) as RegistryReference
    const tag = { ...image, tag: 'v1' }
    const ask = async (more: Partial<AccessOptions>) => {
      const access = openRegistryAccess({ cache, ...more })
      // One request for the image itself, which the budget has room for.
      if (more.limits !== undefined) await access.resolve({ ...image, tag: 'image' })
      const found = [
        await access.resolve(tag, { aside: true }).then(String, codeOf),
        await access.referrers(image, DIGEST).then(String, codeOf),
      ]
      const failures = structuredClone(access.failures())
      await access.close()
      return { found, failures }
    }
    const first = await ask({ network })
    expect(first.found).toEqual(['[object Object]', '[object Object]'])
    expect((await ask({})).found).toEqual(first.found)
    handler = later
    const second = await ask({ network, ...options })
    expect(second.found).toEqual([code, code])
    const third = await ask({ failures: second.failures })
    expect(third.found).toEqual([code, code])
  })
})
