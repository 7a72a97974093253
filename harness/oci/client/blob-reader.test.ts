import type { ServerResponse } from 'node:http'
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { digestOf } from '../../bytes/digest.ts'
import { IntegrityError, NotFoundError, RegistryError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { serve, type Asked, type Handler } from '../../testing/http-server.ts'
import { clientOf, PATIENT } from '../../testing/registry-client.ts'
import type { Limits } from './http/limits.ts'
import { readBlob, type BlobOptions } from './blob-reader.ts'
import { isPresent } from './presence.ts'

const BYTES = randomBytes(3 << 20)
const CONTENT = { digest: digestOf(BYTES), size: BYTES.length }
async function read(
  handler: Handler,
  options: BlobOptions = {},
  content = CONTENT,
  limits: Limits = PATIENT,
): Promise<{ bytes: Buffer; ranges: (string | undefined)[] }> {
  await using server = await serve(handler)
  const client = clientOf(server, { limits })
  try {
    const chunks: Uint8Array[] = []
    for await (const chunk of readBlob(client, 'a', content, options)) chunks.push(Uint8Array.from(chunk))
    return { bytes: Buffer.concat(chunks), ranges: server.asked.map(({ headers }) => headers.range) }
  } finally {
    await client.close()
  }
}

const startOf = (asked: Asked): number => Number(/^bytes=(\d+)-$/.exec(asked.headers.range ?? '')?.[1] ?? 0)

/** The range from `start`, with right headers, cut off after `cut` bytes. */
function send(response: ServerResponse, start: number, cut = Infinity, bytes = BYTES): void {
  const headers = { 'content-length': String(bytes.length - start) }
  if (start === 0) response.writeHead(200, headers)
  else response.writeHead(206, { ...headers, 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` })
  if (start + cut >= bytes.length) response.end(bytes.subarray(start))
  else response.write(bytes.subarray(start, start + cut), () => setTimeout(() => response.destroy(), 5))
}

const isRight = ({ bytes }: { bytes: Buffer }): boolean => bytes.equals(BYTES)

describe('readBlob', () => {
  it('reads a blob in big pieces', async () => {
    expect(await read((_, response) => send(response, 0))).toMatchObject({ ranges: [undefined] })
    expect(isRight(await read((_, response) => void response.end(BYTES)))).toBe(true)
  })

  it('takes a broken blob up where it broke', async () => {
    const outcome = await read((asked, response, count) =>
      send(response, startOf(asked), count < 2 ? 1_200_000 : Infinity),
    )
    expect(isRight(outcome)).toBe(true)
    expect(outcome.ranges).toHaveLength(3)
    expect(outcome.ranges[1]).toMatch(/^bytes=\d+-$/)
  })

  it.each<[string, Handler]>([
    ['ignores Range', (_, response) => send(response, 0)],
    [
      'answers a Range that is off by one',
      (asked, response) => {
        const start = startOf(asked)
        if (start === 0) return send(response, 0)
        response.writeHead(206, { 'content-range': `bytes ${start + 1}-${BYTES.length - 1}/${BYTES.length}` })
        response.end(BYTES.subarray(start + 1))
      },
    ],
    [
      'answers only a part of the Range',
      (asked, response) => {
        const start = startOf(asked)
        if (start === 0) return send(response, 0)
        response.writeHead(206, { 'content-range': `bytes ${start}-${start + 9}/${BYTES.length}` })
        response.end(BYTES.subarray(start, start + 10))
      },
    ],
    [
      'answers a Range without saying which',
      (asked, response) => {
        if (startOf(asked) === 0) send(response, 0)
        else response.writeHead(206).end(BYTES.subarray(startOf(asked)))
      },
    ],
    [
      'refuses every Range',
      (asked, response) => {
        if (startOf(asked) === 0) send(response, 0)
        else response.writeHead(416).end()
      },
    ],
  ])('begins again with one that %s', async (_, then) => {
    const outcome = await read((asked, response, count) => {
      if (count === 0) send(response, 0, 1_500_000)
      else then(asked, response, count)
    })
    expect(isRight(outcome)).toBe(true)
    expect(outcome.ranges[1]).toMatch(/^bytes=/)
  })

  it('asks for no Range where it shall not', async () => {
    const outcome = await read(
      (asked, response, count) => send(response, startOf(asked), count === 0 ? 2_000_000 : Infinity),
      { ranges: false },
    )
    expect(isRight(outcome)).toBe(true)
    expect(outcome.ranges).toEqual([undefined, undefined])
  })

  it('finds what a Range brought that is not the rest', async () => {
    const wrong = Buffer.concat([BYTES.subarray(0, -1), Buffer.from([(BYTES.at(-1) ?? 0) ^ 1])])
    const handler: Handler = (asked, response, count) =>
      send(response, startOf(asked), count === 0 ? 1_500_000 : Infinity, wrong)
    const error = await expectCode<IntegrityError>(() => read(handler), IntegrityError, 'DIGEST_MISMATCH')
    expect(error).toMatchObject({ want: CONTENT.digest, bytesRead: BYTES.length })
  })

  it('is not led on for ever by one that flaps', async () => {
    let count = 0
    const handler: Handler = (asked, response) => {
      count++
      send(response, startOf(asked), 1000)
    }
    await expectCode(() => read(handler), RegistryError, 'REGISTRY_UNAVAILABLE')
    expect(count).toBe(6)
  })

  it('follows a slow one as long as it brings something', async () => {
    const big = randomBytes(9 << 20)
    const content = { digest: digestOf(big), size: big.length }
    const outcome = await read((asked, response) => send(response, startOf(asked), 1_100_000, big), {}, content)
    expect(outcome.bytes.equals(big)).toBe(true)
    expect(outcome.ranges.length).toBeGreaterThan(6)
  })

  it('does not follow a trickle for ever', async () => {
    const trickle: Handler = (_, response) => {
      response.writeHead(200)
      const timer = setInterval(() => response.write('x'), 5)
      response.once('close', () => clearInterval(timer))
    }
    const limits = { ...PATIENT, blobMs: 100, slowestBytesPerSecond: CONTENT.size * 10 }
    const error = await expectCode<RegistryError>(
      () => read(trickle, {}, CONTENT, limits),
      RegistryError,
      'REGISTRY_UNAVAILABLE',
    )
    expect(error.message).toMatch(/expected 3145728 bytes in reasonable time, got \d+ so far/)
  })

  it('refuses a wrong length before it reads', async () => {
    const longer = Buffer.concat([BYTES, Buffer.from('x')])
    const error = await expectCode<IntegrityError>(
      () => read((_, response) => send(response, 0, Infinity, longer)),
      IntegrityError,
      'SIZE_MISMATCH',
    )
    expect(error).toMatchObject({ got: longer.length, want: BYTES.length, bytesRead: 0 })
  })

  it('stops at the first byte too many', async () => {
    const endless: Handler = (_, response) => {
      response.writeHead(200)
      const more = (error?: Error | null): void => {
        if (!error && !response.destroyed) response.write(Buffer.alloc(1 << 20), more)
      }
      more()
    }
    const error = await expectCode<IntegrityError>(() => read(endless), IntegrityError, 'SIZE_MISMATCH')
    expect(error.bytesRead).toBeLessThan(BYTES.length + (2 << 20))
  })

  it('says that a blob is not there', async () => {
    const missing: Handler = (_, response) => void response.writeHead(404).end()
    expect((await expectCode(() => read(missing), NotFoundError, 'BLOB_UNKNOWN')).at).toMatchObject({
      digest: CONTENT.digest,
    })
    await expectCode(
      () => read((_, response, count) => (count === 0 ? send(response, 0, 10) : void response.writeHead(404).end())),
      NotFoundError,
      'BLOB_UNKNOWN',
    )
    await expectCode(
      () => read((_, response) => void response.writeHead(200, { 'content-encoding': 'zstd' }).end()),
      RegistryError,
      'REGISTRY_PROTOCOL',
    )
  })

  it('ends when asked to, the connection too', async () => {
    const stop = new AbortController()
    const handler: Handler = (_, response) => {
      response.writeHead(200).write(BYTES.subarray(0, 1000))
      setTimeout(() => stop.abort(new Error('stop')), 20)
    }
    await expect(read(handler, { signal: stop.signal })).rejects.toThrow('stop')
  })
})

describe('isPresent', () => {
  it.each([
    [200, true],
    [307, true],
    [405, true],
    [404, false],
  ])('takes status %d for %s', async (status, expected) => {
    await using server = await serve(
      (_, response) => void response.writeHead(status, { location: 'http://x.invalid/' }).end(),
    )
    const client = clientOf(server)
    expect(await isPresent(client, 'a', { kind: 'blobs', digest: CONTENT.digest })).toBe(expected)
    expect(server.asked[0]).toMatchObject({ method: 'HEAD', url: `/v2/a/blobs/${CONTENT.digest}` })
    await client.close()
  })
})
