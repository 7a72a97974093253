import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { FormatError } from '../errors.ts'
import { Facts, type FactLimits } from './facts.ts'
import { bytesSource, readAll, type ByteSource } from './source.ts'

const LIMITS: FactLimits = { facts: 2, bytes: 1000, contents: 2, contentBytes: 100 }
const options = { where: { path: 'sample' }, maxBytes: 50, format: 'sample' }

async function* chunksOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

/** Places that count themselves. */
function openFacts(limits: FactLimits = LIMITS) {
  const places = { opened: 0, closed: 0 }
  const openPlace = () => {
    places.opened++
    return {
      take: async (chunks: AsyncIterable<Uint8Array>): Promise<ByteSource> =>
        bytesSource(Buffer.concat(await Array.fromAsync(chunks))),
      close: async () => void places.closed++,
    }
  }
  return { facts: new Facts(openPlace, limits), places }
}

/** Reads `key`, and says whether that was a read. */
async function readsOf(facts: Facts, key: string, size = 0): Promise<number> {
  let reads = 0
  await facts.keep(
    key,
    async () => reads++,
    () => size,
  )
  await setImmediate()
  return reads
}

describe('a fact', () => {
  it('is read once', async () => {
    const { facts } = openFacts()
    expect(await readsOf(facts, 'a')).toBe(1)
    expect(await readsOf(facts, 'a')).toBe(0)
    expect(await readsOf(facts, 'b')).toBe(1)
    await facts.close()
    expect(await readsOf(facts, 'a')).toBe(1)
  })

  it('is shared by those who ask while it is read', async () => {
    const { facts } = openFacts()
    const given = Promise.withResolvers<string>()
    const both = [facts.keep('a', () => given.promise), facts.keep('a', () => Promise.resolve('another'))]
    given.resolve('one')
    expect(await Promise.all(both)).toEqual(['one', 'one'])
  })

  it('is none where its reading fails: each caller has its own error', async () => {
    const { facts } = openFacts()
    const failing = (name: string) => facts.keep('a', () => Promise.reject(new Error(name)))
    const both = await Promise.allSettled([failing('first'), failing('second')])
    expect(both.map((one) => one.status === 'rejected' && (one.reason as Error).message)).toEqual(['first', 'second'])
    expect(await readsOf(facts, 'a')).toBe(1)
  })

  it('gives way, the least recently used first, by count and by bytes', async () => {
    const { facts } = openFacts()
    for (const key of ['a', 'b', 'a', 'c']) await readsOf(facts, key)
    expect([await readsOf(facts, 'a'), await readsOf(facts, 'c'), await readsOf(facts, 'b')]).toEqual([0, 0, 1])
    await readsOf(facts, 'big', 993)
    expect(await readsOf(facts, 'big', 993)).toBe(0)
    expect(await readsOf(facts, 'b')).toBe(1)
    expect(await readsOf(facts, 'bigger', 1001)).toBe(1)
    expect(await readsOf(facts, 'bigger', 1001)).toBe(1)
  })
})

describe('decompressed content', () => {
  const lease = (facts: Facts, key: string, text = key, maxBytes = options.maxBytes) =>
    facts.lease(key, () => chunksOf(text), { ...options, maxBytes })
  const textOf = async (source: ByteSource | undefined): Promise<string | undefined> =>
    source && Buffer.from(await readAll(source, 100)).toString()

  it('gets another key once that is known, unless something is there', async () => {
    const { facts } = openFacts()
    const passing = await lease(facts, 'passing', 'text')
    await facts.rename('passing', 'a')
    await passing?.release()
    expect(await textOf((await lease(facts, 'a', 'another'))?.source)).toBe('text')
    const again = await lease(facts, 'passing', 'again')
    await facts.rename('passing', 'a')
    await again?.release()
    await facts.rename('nothing', 'b')
    expect(await textOf((await lease(facts, 'a', 'another'))?.source)).toBe('text')
    expect(await textOf((await lease(facts, 'b'))?.source)).toBe('b')
    await facts.close()
  })

  it('is made once, and stays while it is used and kept', async () => {
    const { facts, places } = openFacts()
    const [first, second] = [await lease(facts, 'a', 'text'), await lease(facts, 'a', 'another')]
    expect(await textOf(second?.source)).toBe('text')
    await first?.release()
    await first?.release()
    await facts.close()
    expect(places).toEqual({ opened: 1, closed: 0 })
    expect(await textOf(second?.source)).toBe('text')
    await second?.release()
    expect(places).toEqual({ opened: 1, closed: 1 })
  })

  it('gives way by count and by bytes, and is closed when nobody uses it', async () => {
    const { facts, places } = openFacts()
    const used = await lease(facts, 'used')
    for (const key of ['b', 'c']) await (await lease(facts, key))?.release()
    expect(places).toEqual({ opened: 3, closed: 0 })
    await used?.release()
    expect(places).toEqual({ opened: 3, closed: 1 })
    await (await lease(facts, 'long', 'x'.repeat(101), 200))?.release()
    expect(places).toEqual({ opened: 4, closed: 4 })
    await facts.close()
    expect(places).toEqual({ opened: 4, closed: 4 })
  })

  it('is not given to who may take less, nor after a failure', async () => {
    const { facts, places } = openFacts()
    await (await lease(facts, 'a', 'text'))?.release()
    expect(await lease(facts, 'a', 'text', 3)).toBeUndefined()
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('some')
      throw new FormatError('sample', 'TRUNCATED', 'expected more', {})
    }
    const [one, other] = [facts.lease('b', failing, options), lease(facts, 'b')]
    await expect(one).rejects.toThrow('expected more')
    expect(await other).toBeUndefined()
    expect(places).toEqual({ opened: 2, closed: 1 })
    const again = await lease(facts, 'b')
    expect(await textOf(again?.source)).toBe('b')
  })
})
