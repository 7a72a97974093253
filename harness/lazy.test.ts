import { describe, expect, it } from 'vitest'
import { lazy } from './lazy.ts'

describe('lazy', () => {
  it('reads when first asked, and once for all who ask', async () => {
    let reads = 0
    const value = lazy(async () => ++reads)
    expect(reads).toBe(0)
    expect(await Promise.all([value(), value()])).toEqual([1, 1])
    expect([await value(), reads]).toEqual([1, 1])
  })

  it('remembers a rejection', async () => {
    let reads = 0
    const value = lazy(async () => {
      throw new Error(`read ${++reads}`)
    })
    await expect(value()).rejects.toThrow('read 1')
    await expect(value()).rejects.toThrow('read 1')
  })

  it('leaves no unhandled rejection when the value is not awaited', async () => {
    const unhandled: unknown[] = []
    const note = (error: unknown): void => void unhandled.push(error)
    process.on('unhandledRejection', note)
    const ignored = lazy(async () => {
      throw new Error('not awaited')
    })
    void ignored()
    await new Promise((resolve) => setTimeout(resolve, 5))
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
})
