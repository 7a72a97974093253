import { expect, it } from 'vitest'
import { makeBlockCache } from './blocks.ts'

it('keeps the blocks that were asked for last, and reads each once meanwhile', async () => {
  const cache = makeBlockCache(4096, 2 * 4096)
  const reads: string[] = []
  const ask = (key: string): Promise<Uint8Array> =>
    cache(key, async () => {
      reads.push(key)
      return Buffer.from(key)
    })
  expect(await Promise.all([ask('a'), ask('a')])).toEqual([Buffer.from('a'), Buffer.from('a')])
  for (const key of ['b', 'a', 'c', 'a', 'b']) await ask(key)
  expect(reads).toEqual(['a', 'b', 'c', 'b'])
})

it('keeps one block when blocks are bigger than the bound', async () => {
  const cache = makeBlockCache(4096, 1)
  let reads = 0
  for (const key of ['a', 'a', 'b', 'b'])
    await cache(key, async () => {
      reads++
      return Buffer.from(key)
    })
  expect(reads).toBe(2)
})
