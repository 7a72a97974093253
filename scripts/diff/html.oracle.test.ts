// The page of a comparison in Debian's Chromium: it fits, loads nothing, and axe-core objects to nothing.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { axeViolations, openChromium, type Page } from '../testing/chromium.ts'
import type { Piece } from './facts.ts'
import { renderHtml } from './html.ts'
import type { Diff, DiffSide } from './report.ts'

const piece = (part: Piece['part'], name: string, mebibytes: number): Piece => ({
  part,
  name,
  bytes: mebibytes * 2 ** 20,
})
const WAS: DiffSide = {
  name: 'oci:out/spin-only',
  talos: 'v1.11.5',
  architecture: 'arm64',
  variant: 'spin-only',
  extensions: ['zfs 2.3.3-v1.11.5', 'spin v0.21.0'],
  sizes: { kernel: 18 << 20, base: 60 << 20, extensions: 40 << 20 },
  pieces: [
    piece('kernel', 'kernel', 18),
    piece('base', 'init', 4),
    piece('base', 'rootfs.sqsh', 56),
    ...['zfs', 'spin', 'drbd', 'bnx2-bnx2x', '<script>alert(1)</script>'].map((name, at) =>
      piece('extensions', name, 12 - at),
    ),
    piece('extensions', 'firmware', 2),
  ],
}
const IS: DiffSide = { ...WAS, pieces: [...(WAS.pieces ?? []), piece('extensions', 'tailscale', 20)] }
const DIFF: Diff = { schema: 1, effect: 'differs', was: WAS, is: IS, changes: [] }

describe('the page of a comparison', () => {
  let folder = ''
  let page: Page
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'diff-page-'))
    await writeFile(join(folder, 'diff.html'), renderHtml(DIFF))
    page = await openChromium()
    await page.open(pathToFileURL(join(folder, 'diff.html')).href)
  })
  afterAll(async () => {
    await page?.close()
    await rm(folder, { recursive: true, force: true })
  })

  it.each(['light', 'dark'].flatMap((scheme) => [360, 768, 1600].map((width) => [scheme, width] as const)))(
    'is as it must be: %s, %i px',
    async (scheme, width) => {
      await page.send('Emulation.setDeviceMetricsOverride', {
        width,
        height: 800,
        deviceScaleFactor: 1,
        mobile: width < 500,
      })
      await page.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] })
      expect(await page.evaluate('innerWidth')).toBe(width)
      expect(await page.evaluate(`matchMedia('(prefers-color-scheme: ${scheme})').matches`)).toBe(true)
      expect(page.complaints()).toEqual([])
      expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0)
      expect(await axeViolations(page)).toEqual([])
      // The control: it sees what is wrong.
      await page.evaluate(`document.documentElement.removeAttribute('lang')`)
      expect(await axeViolations(page)).toEqual([expect.stringMatching(/^html-has-lang /)])
      await page.evaluate(`document.documentElement.setAttribute('lang', 'en')`)
    },
  )

  it('draws each piece with an area as its bytes, and cuts names at their cells', async () => {
    const cells = await page.evaluate<readonly (readonly [string, number])[]>(
      `[...document.querySelectorAll('svg.map svg')].map((one) => { const { width, height } = one.querySelector('rect').getBoundingClientRect(); return [one.textContent, width * height] })`,
    )
    expect(cells).toHaveLength((WAS.pieces?.length ?? 0) + (IS.pieces?.length ?? 0))
    const areaOf = (text: string): number => cells.find(([one]) => one.startsWith(text))?.[1] ?? 0
    expect(areaOf('rootfs.sqsh') / areaOf('zfs')).toBeGreaterThan(3.5)
    expect(areaOf('rootfs.sqsh') / areaOf('zfs')).toBeLessThan(6)
    const outside = await page.evaluate<number>(
      `[...document.querySelectorAll('svg.map svg')].filter((one) => getComputedStyle(one).overflow !== 'hidden').length`,
    )
    expect(outside).toBe(0)
  })
})
