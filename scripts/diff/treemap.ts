// A treemap: rectangles whose areas are as the values, as square as they can be. M. Bruls, K. Huizing and J. J. van Wijk,
// "Squarified Treemaps" (2000).

export type Cell<T> = {
  readonly item: T
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

type Area = { readonly x: number; readonly y: number; readonly width: number; readonly height: number }

/** Cells that fill `area`, the largest first; of items with a value above 0. */
export function layOut<T>(items: readonly T[], valueOf: (item: T) => number, area: Area): readonly Cell<T>[] {
  const sorted = items.filter((item) => valueOf(item) > 0).toSorted((a, b) => valueOf(b) - valueOf(a))
  const total = sorted.reduce((sum, item) => sum + valueOf(item), 0)
  const scale = (area.width * area.height) / total
  const cells: Cell<T>[] = []
  let left = area
  for (let at = 0; at < sorted.length;) {
    const row: T[] = []
    const side = Math.min(left.width, left.height)
    const areas = (): readonly number[] => row.map((item) => valueOf(item) * scale)
    let worst = Infinity
    for (; at + row.length < sorted.length;) {
      const next = sorted[at + row.length]
      if (next === undefined) break
      row.push(next)
      const ratio = worstRatio(areas(), side)
      if (ratio > worst) {
        row.pop()
        break
      }
      worst = ratio
    }
    at += row.length
    const placed = placeRow(row, areas(), left)
    cells.push(...placed.cells)
    left = placed.left
  }
  return cells
}

/** The longest side by the shortest of the worst cell in a row along `side`. */
function worstRatio(areas: readonly number[], side: number): number {
  const sum = areas.reduce((all, one) => all + one, 0)
  const [most, least] = [Math.max(...areas), Math.min(...areas)]
  return Math.max((side ** 2 * most) / sum ** 2, sum ** 2 / (side ** 2 * least))
}

/** A row along the shorter side, and the area that it leaves. */
function placeRow<T>(row: readonly T[], areas: readonly number[], { x, y, width, height }: Area) {
  const sum = areas.reduce((all, one) => all + one, 0)
  const isColumn = height <= width
  const thickness = sum / (isColumn ? height : width)
  let along = 0
  const cells = row.map((item, at): Cell<T> => {
    const length = (areas[at] ?? 0) / thickness
    const cell = isColumn
      ? { item, x, y: y + along, width: thickness, height: length }
      : { item, x: x + along, y, width: length, height: thickness }
    along += length
    return cell
  })
  const left = isColumn
    ? { x: x + thickness, y, width: width - thickness, height }
    : { x, y: y + thickness, width, height: height - thickness }
  return { cells, left }
}
