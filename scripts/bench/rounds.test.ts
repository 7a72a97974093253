import { describe, expect, it } from 'vitest'
import { takeTurns } from './rounds.ts'

describe('takeTurns', () => {
  const signal = new AbortController().signal

  it('turns the order round after each round', async () => {
    const order: string[] = []
    const run = (name: string) => async (round: number) => {
      order.push(name)
      return `${name}${round}`
    }
    const taken = await takeTurns({ runs: 3, signal }, { a: run('a'), b: run('b') })
    expect(order).toEqual(['a', 'b', 'b', 'a', 'a', 'b'])
    expect(taken).toEqual({ a: ['a1', 'a2', 'a3'], b: ['b1', 'b2', 'b3'] })
  })

  it('stops when asked to', async () => {
    const stop = new AbortController()
    const run = async () => stop.abort(new Error('interrupted'))
    await expect(takeTurns({ runs: 2, signal: stop.signal }, { run })).rejects.toThrow('interrupted')
  })
})
