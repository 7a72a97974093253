import { describe, expect, it } from 'vitest'
import { inTurns, mapInParallel, settleInParallel } from './parallel.ts'

describe('mapInParallel', () => {
  it('gives results in order and runs a few at once', async () => {
    const running = { now: 0, most: 0 }
    const results = await mapInParallel([5, 1, 4, 2, 3, 6, 0], async (delay, index) => {
      running.now++
      running.most = Math.max(running.most, running.now)
      await new Promise((resolve) => setTimeout(resolve, delay))
      running.now--
      return `${index}:${delay}`
    })
    expect(results).toEqual(['0:5', '1:1', '2:4', '3:2', '4:3', '5:6', '6:0'])
    expect(running.most).toBe(4)
  })

  it('gives nothing for nothing, and the first failure for a failure', async () => {
    expect(await mapInParallel([], () => Promise.resolve(1))).toEqual([])
    const began: number[] = []
    const failing = mapInParallel([0, 1, 2, 3, 4, 5, 6, 7, 8], (item) => {
      began.push(item)
      return item === 0 ? Promise.reject(new Error('first')) : new Promise((resolve) => setTimeout(resolve, 5))
    })
    await expect(failing).rejects.toThrow('first')
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(began).toEqual([0, 1, 2, 3])
  })
})

describe('settleInParallel', () => {
  it('gives results in order', async () => {
    expect(await settleInParallel([3, 1, 2], (item, index) => Promise.resolve(item + index))).toEqual([3, 2, 4])
  })

  it('throws the first failure once all that began has ended', async () => {
    const ended: number[] = []
    const failing = settleInParallel([0, 1, 2, 3, 4, 5], async (item) => {
      await new Promise((resolve) => setTimeout(resolve, item * 5))
      ended.push(item)
      if (item < 2) throw new Error(`item ${item}`)
    })
    await expect(failing).rejects.toThrow('item 0')
    expect(ended).toEqual([0, 1, 2, 3])
  })
})

describe('inTurns', () => {
  it('runs a few at once whoever asks, and goes on after a failure', async () => {
    const inTurn = inTurns(2)
    const running = { now: 0, most: 0 }
    const results = await Promise.allSettled(
      [0, 1, 2, 3, 4].map((item) =>
        inTurn(async () => {
          running.most = Math.max(running.most, ++running.now)
          await new Promise((resolve) => setImmediate(resolve))
          running.now--
          if (item === 1) throw new Error('first')
          return item
        }),
      ),
    )
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', ...Array(3).fill('fulfilled')])
    expect(running).toEqual({ now: 0, most: 2 })
  })
})
