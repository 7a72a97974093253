import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { layOut } from './treemap.ts'

const AREA = { x: 0, y: 0, width: 6, height: 4 }
const near = (value: number) => expect.closeTo(value, 6) as number

describe('layOut', () => {
  it('lays out the example of the paper', () => {
    const cells = layOut([6, 6, 4, 3, 2, 2, 1], (value) => value, AREA)
    expect(cells.slice(0, 4).map(({ x, y, width, height }) => ({ x, y, width, height }))).toEqual([
      { x: 0, y: 0, width: near(3), height: near(2) },
      { x: 0, y: near(2), width: near(3), height: near(2) },
      { x: near(3), y: 0, width: near(12 / 7), height: near(7 / 3) },
      { x: near(3 + 12 / 7), y: 0, width: near(9 / 7), height: near(7 / 3) },
    ])
  })

  it('gives each item its share of the area, inside of it and beside the others', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1 << 30 }), { maxLength: 40 }), (values) => {
        const cells = layOut(values, (value) => value, AREA)
        const total = values.reduce((sum, value) => sum + value, 0)
        expect(cells.map(({ item }) => item).toSorted()).toEqual(values.filter((value) => value > 0).toSorted())
        for (const { item, x, y, width, height } of cells) {
          expect((width * height) / 24).toBeCloseTo(item / total, 6)
          expect(Math.min(x, y)).toBeGreaterThanOrEqual(0)
          expect(x + width).toBeLessThan(6.000001)
          expect(y + height).toBeLessThan(4.000001)
        }
        // Their areas fill the whole, so that none can lie over another and be inside.
        expect(cells.reduce((sum, { width, height }) => sum + width * height, 0)).toBeCloseTo(total === 0 ? 0 : 24, 6)
      }),
      { numRuns: 50 },
    )
  })
})
