// SARIF 2.1.0, https://docs.oasis-open.org/sarif/sarif/v2.1.0/: a run for each candidate, a result for each finding.
// Rules that hold are left out: services that show SARIF take every result for an alert.
import { createHash } from 'node:crypto'
import { isAbsolute, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { formatLocation } from '#harness/errors.ts'
import { areaOf } from '../verdict/areas.ts'
import { printableStrings } from '../verdict/printable.ts'
import type { CandidateVerdict, Conformance, Finding, RuleVerdict } from '../verdict/conformance.ts'
import { accountText, candidateNames, describeFinding } from './account.ts'

/** Results of one rule; the rest is in conformance.json. */
const MAX_FINDINGS = 10

export function renderSarif(verdict: Conformance): string {
  const conformance = printableStrings(verdict)
  const names = candidateNames(conformance)
  const runs = conformance.candidates.map((candidate, at) => toRun(candidate, names[at] ?? '', conformance))
  const log = { $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs }
  return `${JSON.stringify(log, null, 2).toWellFormed()}\n`
}

function toRun(candidate: CandidateVerdict, name: string, { tool, runErrors }: Conformance): object {
  return {
    tool: { driver: { name: tool.name, semanticVersion: tool.version, rules: candidate.rules.map(toDescriptor) } },
    automationDetails: { id: `${tool.name}/${name}/` },
    originalUriBaseIds: { CANDIDATE: { description: { text: candidate.reference } } },
    invocations: [
      {
        executionSuccessful: runErrors.length === 0,
        exitCode: candidate.exitCode,
        toolExecutionNotifications: runErrors.map((text) => ({ level: 'error', message: { text } })),
      },
    ],
    columnKind: 'utf16CodeUnits',
    results: candidate.rules.flatMap((rule, ruleIndex) => toResults(rule, ruleIndex, candidate)),
  }
}

function toDescriptor(rule: RuleVerdict): object {
  return {
    id: rule.id,
    shortDescription: { text: rule.sentence },
    help: { text: rule.fix },
    defaultConfiguration: { level: levelOf(rule) },
    properties: { tags: [areaOf(rule)] },
  }
}

function toResults(rule: RuleVerdict, ruleIndex: number, candidate: CandidateVerdict): readonly object[] {
  if (rule.status === 'pass' || rule.status === 'not-applicable') return []
  const findings = rule.findings.length === 0 ? [undefined] : rule.findings.slice(0, MAX_FINDINGS)
  const broken = rule.status === 'fail' || rule.status === 'waived'
  return findings.map((finding) => ({
    ruleId: rule.id,
    ruleIndex,
    // A result that is no failure has no level: 3.27.10.
    ...(broken ? { level: levelOf(rule) } : { kind: 'open', level: 'none' }),
    message: { text: messageOf(rule, finding) },
    locations: [toLocation(finding, candidate)],
    relatedLocations: [toSpecLocation(rule.spec)],
    partialFingerprints: { 'ruleAndPlace/v1': fingerprint(rule, finding, candidate) },
    ...(rule.status === 'waived' && {
      suppressions: [{ kind: 'external', ...(rule.reason !== undefined && { justification: rule.reason }) }],
    }),
    properties: { status: rule.status, level: rule.level },
  }))
}

function levelOf({ level }: RuleVerdict): 'error' | 'warning' {
  return level === 'must' ? 'error' : 'warning'
}

function messageOf(rule: RuleVerdict, finding: Finding | undefined): string {
  if (finding === undefined) return `${rule.sentence}\n${accountText(rule)}`
  const lines = describeFinding(finding, rule.status).map(([label, text]) => `${label}: ${text}`)
  return [rule.sentence, ...lines, ...(rule.status === 'inconclusive' ? [] : [`fix: ${rule.fix}`])].join('\n')
}

function toLocation(finding: Finding | undefined, { reference }: CandidateVerdict): object {
  const { path, offset, line, column } = finding?.where ?? {}
  const name = formatLocation(finding?.where) || reference
  // A machine configuration is a file beside the image, and its line is meant as it is.
  // So is a path on this machine, with what is inside of the file behind it.
  const own = reference.slice(reference.indexOf(':') + 1)
  const isWhole = path !== undefined && isAbsolute(own) && path.startsWith(own.replace(/:[^/]*$/, ''))
  const place =
    path !== undefined && (finding?.part === 'config' || isWhole)
      ? { uri: toFileUri(path) }
      : { uri: toUri(path ?? reference), uriBaseId: 'CANDIDATE' }
  return {
    physicalLocation: {
      artifactLocation: place,
      // Line 1 is for services that show nothing without one; the byte is what is meant (3.30.4: independent).
      region: {
        startLine: line ?? 1,
        ...(column !== undefined && { startColumn: column }),
        ...(offset !== undefined && { byteOffset: offset }),
      },
    },
    logicalLocations: [{ fullyQualifiedName: name, kind: 'resource' }],
  }
}

/** `specs/uki/sections.spec.ts:12`, or without a line. */
function toSpecLocation(spec: string): object {
  const [, file = spec, line] = /^(.*?)(?::(\d+))?$/.exec(spec) ?? []
  return {
    message: { text: 'where the rule is stated' },
    physicalLocation: {
      artifactLocation: { uri: toUri(file) },
      region: { startLine: Math.max(1, Number(line ?? 1)) },
    },
  }
}

/** A path relative to the current folder for a file in it, else whole (3.4.3). */
function toFileUri(path: string): string {
  const inside = relative(process.cwd(), resolve(path))
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? pathToFileURL(path).href : toUri(inside)
}

/** A relative URI reference that leads nowhere above its base. */
function toUri(path: string): string {
  const segments = path
    .toWellFormed()
    .split('/')
    .filter((segment) => !['', '.', '..'].includes(segment))
  return segments.map(encodeURIComponent).join('/') || '_'
}

/** The same for the same finding of another run, whatever the image was called. */
function fingerprint({ id }: RuleVerdict, finding: Finding | undefined, { variant }: CandidateVerdict): string {
  const parts = [variant, id, finding?.part ?? '', finding?.where?.path ?? '', finding?.message ?? '']
  return createHash('sha256').update(parts.join('\0')).digest('hex')
}
