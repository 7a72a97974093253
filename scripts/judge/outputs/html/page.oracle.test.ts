// The page in Debian's Chromium: properties that only a browser shows.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { axeViolations, openChromium, type Page } from '../../../testing/chromium.ts'
import { sampleCandidate, sampleRule } from '../../../testing/sample-conformance.ts'
import { madeHostile, pairConformance } from '../../../testing/sample-outputs.ts'
import { renderHtml } from './page.ts'

/** Runs in the page: every text, and every part of the picture, whose contrast is below WCAG's AA; none when all is well. */
const LOW_CONTRAST = String.raw`(() => {
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number)
  const luminance = (colour) => {
    const [r, g, b] = channels(colour).map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y)
    return (high + 0.05) / (low + 0.05)
  }
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at)
      if ((channels(backgroundColor)[3] ?? 1) === 1) return backgroundColor
    }
    return 'rgb(255, 255, 255)'
  }
  const found = []
  const check = (element, colour, least) => {
    const ratio = contrast(colour, behind(element))
    if (ratio < least) found.push(element.outerHTML.slice(0, 80) + ' ' + ratio.toFixed(2))
  }
  let texts = 0
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement
    if (walker.currentNode.data.trim() === '' || ['SCRIPT', 'STYLE'].includes(element.tagName)) continue
    texts++
    check(element, getComputedStyle(element).color, 4.5)
  }
  for (const rect of document.querySelectorAll('svg rect')) check(rect, getComputedStyle(rect).fill, 3)
  for (const control of document.querySelectorAll('input, select, button')) check(control.parentElement, getComputedStyle(control).borderTopColor, 3)
  return { texts, found }
})()`

describe('the page in Chromium', () => {
  let folder = ''
  let page: Page
  const emulate = async (width: number, scheme: string): Promise<void> => {
    await page.send('Emulation.setDeviceMetricsOverride', {
      width,
      height: 800,
      deviceScaleFactor: 1,
      mobile: width < 500,
    })
    await page.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] })
  }
  const open = async (name: string, width: number, scheme = 'light'): Promise<void> => {
    await emulate(width, scheme)
    await page.open(pathToFileURL(join(folder, `${name}.html`)).href)
  }
  const press = async (key: string, code = 0): Promise<void> => {
    const text = key === 'Enter' ? { text: '\r' } : key === ' ' ? { text: ' ' } : {}
    for (const type of ['keyDown', 'keyUp'])
      await page.send('Input.dispatchKeyEvent', {
        type,
        key,
        windowsVirtualKeyCode: code,
        ...(type === 'keyDown' && text),
      })
  }
  const tab = (): Promise<void> => press('Tab', 9)
  const shown = (): Promise<readonly string[]> =>
    page.evaluate(
      `[...document.querySelectorAll('.rule')].filter((one) => one.checkVisibility()).map(({ id }) => id.slice(5))`,
    )
  const focused = (): Promise<string> =>
    page.evaluate(
      `(({ tagName, name, value, hash }) => [tagName, name || hash, value].filter(Boolean).join(' '))(document.activeElement)`,
    )

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'page-'))
    await writeFile(join(folder, 'pair.html'), renderHtml(pairConformance))
    await writeFile(join(folder, 'hostile.html'), renderHtml(madeHostile(pairConformance)))
    const many = [...pairConformance.candidates, ...pairConformance.candidates, ...pairConformance.candidates]
    await writeFile(join(folder, 'many.html'), renderHtml({ ...pairConformance, candidates: many }))
    const release = {
      ...sampleCandidate,
      reference: 'release',
      digest: undefined,
      rules: [sampleRule('REL-002', 'fail')],
    }
    const candidates = [...pairConformance.candidates, release]
    await writeFile(join(folder, 'release.html'), renderHtml({ ...pairConformance, candidates }))
    page = await openChromium()
  })
  afterAll(async () => {
    await page?.close()
    await rm(folder, { recursive: true, force: true })
  })

  it.each(['pair', 'hostile'])('complains of nothing and asks for nothing: %s', async (name) => {
    await open(name, 1200)
    expect(page.complaints()).toEqual([])
    // The control: the script ran, and what the policy forbids is complained of.
    expect(await page.evaluate(`document.querySelector('output').textContent`)).toBe('8 of 8 rules')
    await page.evaluate(
      `document.body.append(Object.assign(document.createElement('script'), { textContent: 'alert(1)' }))`,
    )
    await expect.poll(() => page.complaints()).toEqual([expect.stringContaining('Content Security Policy')])
  })

  it.each([
    ['pair', 360],
    ['pair', 320],
    ['hostile', 360],
    ['pair', 800],
    ['hostile', 1200],
    ['many', 360],
    ['many', 900],
  ])('fits: %s at %i px', async (name, width) => {
    await open(name, width)
    await page.evaluate(`document.querySelectorAll('details').forEach((one) => { one.open = true })`)
    expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0)
    expect(await page.evaluate('innerWidth')).toBe(width)
    const wide = `[...document.querySelectorAll('main *')].filter((one) => one.getBoundingClientRect().right > ${width} && !one.closest('.unseen')).map((one) => one.outerHTML.slice(0, 80))`
    expect(await page.evaluate(wide)).toEqual([])
  })

  describe.each(['pair', 'many', 'release'])('axe-core: %s', (name) => {
    beforeAll(async () => {
      await open(name, 1200)
      await page.evaluate(`document.querySelectorAll('details').forEach((one) => { one.open = true })`)
    })

    it.each(['light', 'dark'].flatMap((scheme) => [360, 768, 1600].map((width) => [scheme, width] as const)))(
      'objects to nothing: %s, %i px',
      async (scheme, width) => {
        await emulate(width, scheme)
        expect(await page.evaluate('innerWidth')).toBe(width)
        expect(await page.evaluate(`matchMedia('(prefers-color-scheme: ${scheme})').matches`)).toBe(true)
        expect(await axeViolations(page)).toEqual([])
        if (name !== 'pair') return
        // The control: it sees what is wrong.
        await page.evaluate(`document.documentElement.removeAttribute('lang')`)
        expect(await axeViolations(page)).toEqual([expect.stringMatching(/^html-has-lang /)])
        await page.evaluate(`document.documentElement.setAttribute('lang', 'en')`)
      },
    )
  })

  it.each(['light', 'dark'])('has contrast AA: %s', async (scheme) => {
    await open('pair', 1200, scheme)
    const { texts, found } = await page.evaluate<{ texts: number; found: string[] }>(LOW_CONTRAST)
    expect(texts).toBeGreaterThan(100)
    expect(found).toEqual([])
    const dark = await page.evaluate<number>(`Number(/\\d+/.exec(getComputedStyle(document.body).backgroundColor)[0])`)
    expect(dark < 128).toBe(scheme === 'dark')
    await page.evaluate(`document.documentElement.style.setProperty('--quiet', '#808080')`)
    expect((await page.evaluate<{ found: string[] }>(LOW_CONTRAST)).found.length).toBeGreaterThan(5)
  })

  it('goes with the tabulator from the skip link over the filter to the rules', async () => {
    await open('pair', 1200)
    const order: string[] = []
    for (let at = 0; at < 20; at++) {
      await tab()
      order.push(await focused())
    }
    expect(order.filter((one) => !one.startsWith('A #rule-'))).toEqual([
      'A #rules',
      'INPUT text',
      'SELECT level',
      ...['pass', 'fail', 'inconclusive', 'blocked', 'missing', 'waived', 'not-applicable'].map(
        (one) => `INPUT status ${one}`,
      ),
      'BUTTON',
      'BUTTON open',
      'SUMMARY',
      'SUMMARY',
    ])
    expect(await page.evaluate(`getComputedStyle(document.activeElement).outlineStyle`)).toBe('solid')
  })

  it('opens a rule with the keyboard', async () => {
    await open('pair', 1200)
    await page.evaluate(`document.querySelector('#area-OCI').open = true`)
    await page.evaluate(`document.querySelector('#rule-OCI-001 summary').focus()`)
    await press('Enter', 13)
    expect(await page.evaluate(`document.querySelector('#rule-OCI-001').open`)).toBe(true)
  })

  it('filters by status, level and text, says how many are left, and shows all again', async () => {
    await open('pair', 1200)
    // What is green is folded until it is asked for.
    expect(await shown()).toEqual(['UKI-001', 'KRN-002', 'INI-002', 'KRN-001', 'EXT-001'])
    await page.evaluate(`document.querySelectorAll('details.area').forEach((one) => { one.open = true })`)
    const all = await shown()
    expect(all).toHaveLength(8)
    await page.evaluate(`document.querySelector('[value=pass]').focus()`)
    await press(' ', 32)
    expect(await shown()).toEqual(['UKI-001', 'KRN-002', 'INI-002', 'KRN-001', 'EXT-001', 'AST-001'])
    await press(' ', 32)
    await page.evaluate(`document.querySelector('[name=text]').focus()`)
    await page.send('Input.insertText', { text: 'V1.13.9 tailscale' })
    expect(await shown()).toEqual(['UKI-001'])
    expect(await page.evaluate(`document.querySelector('output').textContent`)).toBe('1 of 8 rules')
    expect(await page.evaluate(`document.querySelector('#area-OCI').checkVisibility()`)).toBe(false)
    await page.evaluate(`document.querySelector('[type=reset]').focus()`)
    await press('Enter', 13)
    await expect.poll(shown).toEqual(all)
    await page.evaluate(`document.querySelector('[name=level]').focus()`)
    await press('ArrowDown', 40)
    await press('ArrowDown', 40)
    expect(await shown()).toEqual(['OCI-002'])
  })

  it('shows the rule that a link names, even one that the filter hides', async () => {
    await open('pair', 1200)
    await page.evaluate(`document.querySelector('[name=text]').focus()`)
    await page.send('Input.insertText', { text: 'no such text' })
    expect(await shown()).toEqual([])
    await page.evaluate(`document.querySelector('a[href="#rule-EXT-001"]').click()`)
    await expect.poll(shown).toContain('EXT-001')
    expect(await page.evaluate(`document.querySelector('#rule-EXT-001').open`)).toBe(true)
  })

  it('can be read without its script', async () => {
    await page.send('Emulation.setScriptExecutionDisabled', { value: true })
    try {
      await open('pair', 1200)
      const text = await page.evaluate<string>('document.body.innerText')
      for (const part of ['Does not conform', 'v1.13.9', 'repair UKI-001', 'tailscale', 'extension segment'])
        expect(text).toContain(part)
      expect(text).not.toContain('Show all')
    } finally {
      await page.send('Emulation.setScriptExecutionDisabled', { value: false })
    }
  })
})
