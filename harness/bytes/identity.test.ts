import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { UNLIMITED } from '../budget.ts'
import { FormatError } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { identify, sha256Hex } from './digest.ts'
import { Facts } from './facts.ts'
import { factOf } from './identity.ts'
import { bytesSource, type ByteSource } from './source.ts'
import { MEMORY_LIMIT, Spool } from './spool.ts'

const folder = await mkdtemp(join(tmpdir(), 'identity-'))
const opened: Facts[] = []
afterAll(async () => {
  await Promise.all(opened.map((facts) => facts.close()))
  await rm(folder, { recursive: true })
})

function open(): Facts {
  const facts = new Facts(() => new Spool(folder))
  opened.push(facts)
  return facts
}
const bytes = Buffer.from('some bytes and more')

/** The number of reads that sources with these bytes take for one fact about a part of them. */
async function readsOf(sources: readonly ByteSource[]): Promise<number> {
  let reads = 0
  for (const source of sources) await factOf(source, 'a reader', async () => reads++)
  return reads
}

describe('an identified source', () => {
  it('shares facts with the same bytes elsewhere, and so do its parts', async () => {
    const facts = open()
    const here = await identify(bytesSource(bytes, { path: 'here' }), facts)
    const there = await identify(bytesSource(Uint8Array.from(bytes), { path: 'there' }), facts)
    expect([here.where, there.where]).toEqual([{ path: 'here' }, { path: 'there' }])
    expect(await readsOf([here, there, here.slice(0, here.size, { path: 'x' })])).toBe(1)
    expect(await readsOf([here.slice(5, 5).slice(1, 2), there.slice(6, 2), there.slice(6, 2, { path: 'y' })])).toBe(1)
    expect(await sha256Hex(here.slice(5, 5))).toBe(await sha256Hex(bytesSource(bytes.subarray(5, 10))))
  })

  it.each([
    ['other bytes', (facts: Facts) => identify(bytesSource(Buffer.from('some bytes and less')), facts)],
    ['bytes without an identity', async () => bytesSource(bytes)],
    ['bytes of other facts', () => identify(bytesSource(bytes), open())],
    ['another offset', async (facts: Facts) => (await identify(bytesSource(bytes), facts)).slice(1, bytes.length - 1)],
    ['another size', async (facts: Facts) => (await identify(bytesSource(bytes), facts)).slice(0, bytes.length - 1)],
  ])('shares none with %s', async (_, other) => {
    const facts = open()
    expect(await readsOf([await identify(bytesSource(bytes), facts), await other(facts)])).toBe(2)
  })

  it('shares none between readers', async () => {
    const source = await identify(bytesSource(bytes), open())
    expect(await factOf(source, 'one', () => Promise.resolve(1))).toBe(1)
    expect(await factOf(source, 'two', () => Promise.resolve(2))).toBe(2)
  })
})

describe('Spool.takeFrom', () => {
  const options = { where: { path: 'content' }, maxBytes: 2 * MEMORY_LIMIT, format: 'sample' }
  const content = Buffer.alloc(MEMORY_LIMIT + 1, 'content')
  let made = 0
  async function* decode(): AsyncGenerator<Uint8Array> {
    made++
    yield content
  }

  it('decodes the same bytes once, each time under its own location, and closes them with the last spool', async () => {
    const facts = open()
    const spools = [new Spool(folder, UNLIMITED, facts), new Spool(folder, UNLIMITED, facts)]
    made = 0
    const taken = await Promise.all(
      spools.map(async (spool, index) => {
        const stored = await identify(bytesSource(bytes, { path: `${index}` }), facts)
        return spool.takeFrom(stored, 'double', decode, { ...options, where: { path: `${index}!content` } })
      }),
    )
    expect(made).toBe(1)
    expect(taken.map(({ where }) => where)).toEqual([{ path: '0!content' }, { path: '1!content' }])
    expect(await readsOf(taken)).toBe(1)
    await facts.close()
    await spools[0]?.close()
    expect(content.equals((await taken[1]?.read(0, content.length)) ?? content.subarray(1))).toBe(true)
    await spools[1]?.close()
    await expect(taken[1]?.read(0, 1)).rejects.toThrow(/closed|EBADF/)
  })

  it('reads anew what is more than it may take, so that the error is its own', async () => {
    const facts = open()
    const stored = await identify(bytesSource(bytes), facts)
    const spool = new Spool(folder, UNLIMITED, facts)
    await spool.takeFrom(stored, 'double', decode, options)
    const where = { path: 'less' }
    const error = await expectCode(
      () => spool.takeFrom(stored, 'double', decode, { ...options, maxBytes: 9, where }),
      FormatError,
      'LIMIT_EXCEEDED',
    )
    expect(error.at).toMatchObject(where)
    await spool.close()
  })

  it('decodes each time without facts', async () => {
    const spool = new Spool(folder)
    made = 0
    for (let times = 0; times < 2; times++)
      await spool.takeFrom(await identify(bytesSource(bytes), undefined), 'double', decode, options)
    expect(made).toBe(2)
    await spool.close()
  })
})
