// Made-up verdicts for the tests of renderings: two variants side by side, and one in which every text is hostile.
import type { CandidateVerdict, Conformance, Contents, RuleVerdict } from '../judge/verdict/conformance.ts'
import { sampleCandidate, sampleConformance, sampleFinding, sampleRule } from './sample-conformance.ts'

const MIB = 1 << 20

export const sampleContents: Contents = {
  extensions: [
    { name: 'drbd', version: '9.2.14-v1.11.5', size: MIB, services: [], handlers: [], modules: 5 },
    {
      name: 'zfs',
      version: '2.3.3-v1.11.5',
      size: 6 * MIB,
      services: [{ name: 'zfs-service', waits: ['path /dev/zfs'] }],
      handlers: [],
      modules: 2,
    },
    { name: 'spin', version: 'v0.21.0', size: 63 * MIB, services: [], handlers: ['spin'], modules: 0 },
  ],
  sizes: { kernel: 20 * MIB, baseInitramfs: 71 * MIB, extensions: 70 * MIB, other: 38 * MIB },
}

/** A list as vitest prints it. */
const listed = (names: readonly string[]): string => `[\n${names.map((name) => `  "${name}",\n`).join('')}]`

const SENTENCE = '`vmlinuz.efi` is a PE32+ for arm64 with a `.linux` that no other section overlaps'

const greenRules: readonly RuleVerdict[] = sampleCandidate.rules.map(({ id, level, sentence }) => ({
  ...sampleRule(id, 'pass', { level }),
  sentence: id === 'UKI-001' ? SENTENCE : sentence,
}))

const tailscale: CandidateVerdict = {
  ...sampleCandidate,
  variant: 'spin-tailscale',
  digest: `sha256:${'4'.repeat(64)}`,
  exitCode: 0,
  rules: greenRules,
  contents: {
    ...sampleContents,
    extensions: [
      ...(sampleContents.extensions ?? []),
      {
        name: 'tailscale',
        version: '1.88.1',
        size: 17 * MIB,
        services: [{ name: 'tailscale', waits: ['configuration', 'service cri'] }],
        handlers: [],
        modules: 0,
      },
    ],
    sizes: { ...sampleContents.sizes, extensions: 87 * MIB },
  },
}

/** One variant with a rule of each status, one that is green. */
export const pairConformance: Conformance = {
  ...sampleConformance,
  judgedAt: '2026-11-23T05:28:00.000Z',
  candidates: [
    {
      ...sampleCandidate,
      rules: sampleCandidate.rules.map((rule) =>
        rule.id === 'UKI-001'
          ? {
              ...rule,
              sentence: SENTENCE,
              findings: [
                sampleFinding,
                {
                  part: 'installer',
                  where: {
                    digest: `sha256:${'5'.repeat(64)}`,
                    path: 'usr/install/arm64/vmlinuz.efi!.initrd!segment 1!extensions.yaml',
                  },
                  message: 'expected lists to be equal',
                  expected: listed(['drbd', 'zfs', 'spin']),
                  got: listed(['drbd', 'zfs', 'spin', 'tailscale']),
                },
              ],
            }
          : rule,
      ),
      contents: sampleContents,
    },
    tailscale,
  ],
}

/** Text of an image, a file name or an option that tries to break out of every format at once. */
export const HOSTILE =
  '</script><img src=x onerror=alert(1)>&amp;"\'`]]>\n::error::owned\n%0A| a | `` [x](http://evil.test) @all\u0000\u001b[31m\u202e\ud800\ufffe\u007f -->'

/** `document` with every free text in it hostile: what identifies a rule or a format is ours and stays. */
export function madeHostile(conformance: Conformance): Conformance {
  const ours = new Set(['id', 'level', 'status', 'part', 'name', 'judgedAt', 'spec'])
  return JSON.parse(JSON.stringify(conformance), (key, value: unknown) =>
    typeof value === 'string' && !ours.has(key) ? HOSTILE : value,
  ) as Conformance
}
