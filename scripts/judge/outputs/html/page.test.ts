import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { sampleCandidate, sampleConformance, sampleFinding, sampleRule } from '../../../testing/sample-conformance.ts'
import { HOSTILE, madeHostile, pairConformance, sampleContents } from '../../../testing/sample-outputs.ts'
import type { Conformance, Contents } from '../../verdict/conformance.ts'
import { renderHtml } from './page.ts'

const MAX_BYTES = 400_000

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

function withContents(contents: Contents): string {
  return renderHtml({ ...sampleConformance, candidates: [{ ...sampleCandidate, contents }] })
}

/** Element names, opening tags only. */
function tagsOf(html: string): readonly string[] {
  return [...html.matchAll(/<([a-z]\w*)/g)].map(([, tag]) => tag ?? '')
}

describe('renderHtml', () => {
  const page = renderHtml(pairConformance)
  const position = (text: string): number => page.indexOf(text)

  it('gives the verdict first, the next command, what is wrong, the folded rest, what is inside, and where the bytes are', () => {
    const order = [
      '<h1>Does not conform',
      'id="next"',
      'id="wrong"',
      'id="rule-UKI-001"',
      'id="holding"',
      '<details class="area" id="area-OCI"><summary>',
      'id="rule-OCI-001"',
      'id="inside"',
      'id="bytes"',
    ].map(position)
    expect(order).toEqual(order.toSorted((a, b) => a - b))
    expect(order[0]).toBeGreaterThan(0)
    // What fails stands before what is blocked, waived or could not be judged; of it, what to do before what was found.
    const wrong = ['UKI-001', 'KRN-002', 'INI-002', 'KRN-001', 'EXT-001'].map((id) => position(`id="rule-${id}"`))
    expect(wrong).toEqual(wrong.toSorted((a, b) => a - b))
    expect(position('<dt>fix</dt><dd>repair UKI-001')).toBeLessThan(position('<dt>expected</dt>'))
  })

  it('names the next command', () => {
    expect(page).toContain('<code>npx talos-image explain UKI-001</code>')
    expect(page).toContain('<code>npx talos-image lock --talos v1.11.5 ')
    const green = (reference: string) =>
      renderHtml({
        ...sampleConformance,
        exitCode: 0,
        candidates: [{ ...sampleCandidate, reference, exitCode: 0, rules: [] }],
      })
    expect(green('oci:out/spin-only')).toContain('<code>npx talos-image publish out NAMESPACE</code>')
    expect(green('ghcr.io/you/talos:v1')).toContain('<code>npx talos-image promote ghcr.io/you/talos:v1 CHANNEL</code>')
    expect(green('uki:x.efi')).not.toContain('id="next"')
  })

  it('has a release as no image, and a place below each heading', () => {
    const release = {
      ...sampleCandidate,
      reference: 'release',
      digest: undefined,
      variant: 'spin-only and spin-tailscale',
      rules: [sampleRule('REL-002', 'fail')],
    }
    const [first, second] = pairConformance.candidates
    const only = { ...first!, rules: [...first!.rules, sampleRule('AST-009', 'fail')] }
    const html = renderHtml({ ...pairConformance, candidates: [second!, only, release] })
    expect(html).toContain('<p>2 candidates and their release: ')
    expect(html).not.toContain('<code>release</code>')
    expect(html).toContain('<dt>of</dt><dd>spin-only and spin-tailscale, held against each other</dd>')
    expect([...html.matchAll(/<div class="columns" aria-hidden="true">(.*?)<\/div>/g)].map(([, all]) => all)).toContain(
      '<span>spin-tailscale</span><span>spin-only</span>',
    )
    const statusesOf = (id: string) =>
      new RegExp(`id="rule-${id}"[^]*?<span class="statuses">(.*)</span></summary>`).exec(html)?.[1]
    // Below the first heading is nothing: the rule is not about that image.
    expect(statusesOf('AST-009')).toMatch(
      /^<span><\/span><span><span class="who">spin-only <\/span><span class="badge bad">/,
    )
    expect(statusesOf('REL-002')).toMatch(
      /^<span><span class="who">release <\/span><span class="badge bad">[^]*fail<\/span><\/span>$/,
    )
  })

  it('reports where, expected, got and fix of a failure', () => {
    for (const [label, text] of [
      ['where', 'initramfs offset 0x40'],
      ['expected', 'v1.11.5'],
      ['got', 'v1.13.9'],
    ])
      expect(page).toContain(`<dt>${label}</dt><dd><pre>${text}</pre></dd>`)
    expect(page).toContain('<dt>fix</dt><dd>repair UKI-001</dd>')
  })

  it('puts the statuses of a rule side by side', () => {
    expect(page).toMatch(/<details class="rule" id="rule-UKI-001" data-level="must" data-statuses="fail pass" open>/)
    expect(page).toMatch(/spin-only <\/span><span class="badge bad">.*spin-tailscale <\/span><span class="badge good">/)
  })

  it('sets code of our own sentences as code', () => {
    expect(page).toContain('<code>vmlinuz.efi</code> is a PE32+')
  })

  it('lists extensions with versions, sizes and services', () => {
    expect(page).toMatch(
      /tailscale<br><span class="quiet">service tailscale, waits for configuration, service cri<\/span><\/th>\s*<td>1\.88\.1<\/td><td class="number">17\.0 MiB/,
    )
  })

  it('says what an extension brings beside services', () => {
    expect(page).toMatch(/spin<br><span class="quiet">runtime handler spin<\/span><\/th>/)
    expect(page).toMatch(/drbd<br><span class="quiet">5 kernel modules<\/span><\/th>/)
  })

  it('says what boots, what it was made from, and who signed that', () => {
    const html = withContents({
      ...sampleContents,
      boot: { kernel: '6.12.57-talos', stub: '257.7', modules: 142 },
      commandLine: 'talos.platform=metal console=ttyAMA0',
      base: {
        reference: 'ghcr.io/siderolabs/installer-base:v1.11.5',
        digest: 'sha256:ab',
        signer: 'someone (an issuer)',
      },
    })
    for (const [label, text] of [
      ['kernel', '6.12.57-talos'],
      ['modules', '142 in the root filesystem'],
      ['systemd-stub', '257.7'],
      ['command line', 'talos.platform=metal console=ttyAMA0'],
      ['base image', 'ghcr.io/siderolabs/installer-base:v1.11.5@sha256:ab'],
      ['signed by', 'someone (an issuer)'],
    ])
      expect(html).toContain(`<dt>${label}</dt><dd><code>${text}</code></dd>`)
  })

  it('marks what the variant must not have', () => {
    const [extension] = sampleContents.extensions ?? []
    const html = withContents({ ...sampleContents, extensions: [{ ...extension!, forbidden: true }] })
    expect(html).toContain('drbd <span class="badge bad">must not be here</span>')
    expect(page).not.toContain('must not be here')
  })

  it('draws the parts of every candidate on one scale', () => {
    const [, only, both] = page.split('role="img"').map((part) => part.slice(0, part.indexOf('</svg>')))
    // 20 + 71 + 70 + 38 MiB, and 17 MiB more.
    expect([...(only ?? '').matchAll(/x="([\d.]+)%"/g)].map(([, x]) => x)).toEqual(['0.00', '9.26', '42.13', '74.54'])
    expect([...(both ?? '').matchAll(/x="([\d.]+)%"/g)].map(([, x]) => x)).toEqual(['0.00', '9.26', '42.13', '82.41'])
  })

  it('lets nothing in but the style and the script that are in it', () => {
    const [, style = ''] = /<style>([^]*)<\/style>/.exec(page) ?? []
    const [, script = ''] = /<script>([^]*)<\/script>/.exec(page) ?? []
    const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page) ?? []
    expect(policy.replaceAll('&#39;', "'")).toBe(
      `default-src 'none'; style-src '${hashOf(style)}'; script-src '${hashOf(script)}'; img-src data:; base-uri 'none'; form-action 'none'`,
    )
    expect(page).not.toMatch(/\s(?:style|on\w+)=|(?:src|href)="(?!#|data:,)/)
  })

  it('makes no element of what an image says', () => {
    const count = (html: string, tag: string): number => tagsOf(html).filter((one) => one === tag).length
    const hostile = renderHtml(madeHostile(pairConformance))
    expect(new Set(tagsOf(hostile))).toEqual(new Set(tagsOf(page)))
    expect([count(hostile, 'script'), count(hostile, 'img'), count(hostile, 'a')]).toEqual([1, 0, count(page, 'a')])
    expect(hostile).not.toMatch(/[^\P{C}\n]/u)
  })

  it.each([
    [0, 'Conforms'],
    [1, 'Does not conform'],
    [2, 'Not fully judged'],
  ])('says what exit status %i means', (exitCode, word) => {
    expect(renderHtml({ ...sampleConformance, exitCode })).toContain(`<h1>${word}</h1>`)
  })

  it('says what was not compared and not judged', () => {
    const html = renderHtml({ ...sampleConformance, pinned: false, selected: ['UKI-001'] })
    expect(html).toContain('Not pinned: ')
    expect(html).toContain('Only these rules were judged: UKI-001.')
  })

  it('says what could not be read', () => {
    expect(withContents({ sizes: { kernel: 1 } })).toContain('The list of extensions could not be read.')
    expect(withContents({ sizes: { kernel: 1 } })).toContain('<td class="number">not read</td>')
    expect(renderHtml(sampleConformance)).not.toContain('What is inside')
  })

  it('draws nothing of an image without bytes', () => {
    expect(withContents({ extensions: [], sizes: {} })).not.toMatch(/NaN|Infinity/)
  })
})

describe('the size of the page', () => {
  const rules = (count: number, findings: number): Conformance => ({
    ...pairConformance,
    candidates: pairConformance.candidates.map((candidate) => ({
      ...candidate,
      rules: Array.from({ length: count }, (_, at) =>
        sampleRule(`UKI-${at + 100}`, 'fail', {
          sentence: 'x'.repeat(150),
          findings: Array.from({ length: findings }, () => ({ ...sampleFinding, got: HOSTILE.repeat(findings) })),
        }),
      ),
    })),
  })

  it('stays what a mail takes when every rule fails at length', () => {
    const html = renderHtml(rules(150, 30))
    expect(Buffer.byteLength(html)).toBeLessThanOrEqual(MAX_BYTES)
    expect(html).toContain('Too long for this page; conformance.json has it.')
    expect(html).toContain('<dt>got</dt>')
  })

  it('shows everything of a verdict of the usual size', () => {
    const html = renderHtml(rules(150, 1))
    expect(Buffer.byteLength(html)).toBeLessThanOrEqual(MAX_BYTES)
    expect(html).not.toContain('Too long')
  })

  it('leaves out contents that do not fit', () => {
    const [extension] = sampleContents.extensions ?? []
    const services = Array.from({ length: 64 }, () => ({ name: HOSTILE, waits: ['<'.repeat(500)] }))
    const contents = { ...sampleContents, extensions: Array.from({ length: 60 }, () => ({ ...extension!, services })) }
    const candidates = Array.from({ length: 3 }, () => ({ ...sampleCandidate, contents }))
    const html = renderHtml({ ...sampleConformance, candidates })
    expect(Buffer.byteLength(html)).toBeLessThanOrEqual(MAX_BYTES)
    expect(html).toContain('Too long for this page; conformance.json has it.')
  })

  it('counts the extensions that it leaves out', () => {
    const [extension] = sampleContents.extensions ?? []
    const extensions = Array.from({ length: 100 }, () => ({
      ...extension!,
      name: 'x'.repeat(5000),
      services: Array.from({ length: 64 }, () => ({ name: 'y'.repeat(500), waits: [] })),
    }))
    const html = withContents({ ...sampleContents, extensions })
    expect(Buffer.byteLength(html)).toBeLessThanOrEqual(MAX_BYTES)
    expect(html).toContain('and 40 more')
  })
})
