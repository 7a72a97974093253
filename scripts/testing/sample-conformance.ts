// A made-up verdict for tests: one rule of each status, with findings as readers and expectations give them.
import type { CandidateVerdict, Conformance, Finding, RuleVerdict, Status } from '../judge/verdict/conformance.ts'

export function sampleRule(id: string, status: Status, more: Partial<RuleVerdict> = {}): RuleVerdict {
  const common = { level: 'must', sentence: `${id} holds`, findings: [], fix: `repair ${id}`, durationMs: 1 } as const
  return { ...common, id, status, spec: 'specs/x.spec.ts:1', ...more }
}

export const sampleFinding: Finding = {
  part: 'installer',
  where: { path: 'initramfs', offset: 64 },
  message: 'expected 1 to be 2',
  expected: 'v1.11.5',
  got: 'v1.13.9',
}

export const sampleCandidate: CandidateVerdict = {
  reference: 'docker-archive:installer-arm64.tar',
  digest: `sha256:${'1'.repeat(64)}`,
  variant: 'spin-only',
  targets: ['installer'],
  claimedTalos: 'v1.11.5',
  exitCode: 1,
  rules: [
    sampleRule('OCI-001', 'pass'),
    sampleRule('OCI-002', 'pass', { level: 'should' }),
    sampleRule('UKI-001', 'fail', { findings: [sampleFinding] }),
    sampleRule('KRN-001', 'blocked', { reason: 'blocked: UKI-001 failed' }),
    sampleRule('KRN-002', 'missing', { reason: 'no test ran for this rule' }),
    sampleRule('EXT-001', 'waived', { reason: 'until 2027' }),
    sampleRule('AST-001', 'not-applicable', { reason: 'the candidate has no target assets' }),
    sampleRule('INI-002', 'inconclusive', {
      reason: 'the lock has no baseInitramfs',
      findings: [{ part: 'installer', message: 'the lock has no baseInitramfs', code: 'FACT_ABSENT' }],
    }),
  ],
}

export const sampleConformance: Conformance = {
  schema: 2,
  tool: { name: 'talos-image-contract', version: '0.1.0', node: '26.10.0', vitest: '5.1.1' },
  rules: '1.2.3',
  contract: { path: 'specs/contract/contract.yaml', sha256: '2'.repeat(64) },
  lock: { path: 'lock.json', sha256: '3'.repeat(64) },
  pinned: true,
  candidates: [sampleCandidate],
  runErrors: ['specs/x.spec.ts did not load: no'],
  counts: { pass: 2, fail: 1, inconclusive: 1, blocked: 1, missing: 1, waived: 1, 'not-applicable': 1 },
  exitCode: 1,
}
