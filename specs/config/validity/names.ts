// Names of Kubernetes: siderolabs/talos pkg/machinery/labels/validate.go.
import type { Fail } from './check.ts'
import type { View } from './view.ts'

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const SUBDOMAIN = new RegExp(`^${LABEL}(\\.${LABEL})*$`)
const NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']
const RESERVED = ['talos.dev/owned-labels', 'talos.dev/owned-annotations', 'talos.dev/owned-taints']

export function isSubdomain(text: string): boolean {
  return text.length <= 253 && SUBDOMAIN.test(text)
}

export function isQualifiedName(text: string): boolean {
  const parts = text.split('/')
  const name = parts.at(-1) ?? ''
  if (parts.length > 2 || (parts.length === 2 && !isSubdomain(parts[0] ?? ''))) return false
  return name.length <= 63 && NAME.test(name)
}

function isLabelValue(text: string): boolean {
  return text === '' || (text.length <= 63 && NAME.test(text))
}

export function checkLabels(labels: View, fail: Fail): void {
  for (const [name, view] of labels.entries) {
    if (!isQualifiedName(name)) fail(view, 'is no name of a label', { got: name })
    if (!isLabelValue(view.text)) fail(view, 'is no value of a label', { got: view.text })
  }
}

export function checkAnnotations(annotations: View, fail: Fail): void {
  let size = 0
  for (const [name, view] of annotations.entries) {
    if (!isQualifiedName(name)) fail(view, 'is no name of an annotation', { got: name })
    if (RESERVED.includes(name)) fail(view, 'is an annotation that Talos keeps for itself', { got: name })
    size += Buffer.byteLength(name) + Buffer.byteLength(view.text)
  }
  if (size > 256 << 10) fail(annotations, 'are longer than 256 KiB')
}

/** `value:effect`, or the effect alone. */
export function checkTaints(taints: View, fail: Fail): void {
  for (const [name, view] of taints.entries) {
    const colon = view.text.indexOf(':')
    const effect = view.text.slice(colon + 1)
    if (!isQualifiedName(name)) fail(view, 'is no name of a taint', { got: name })
    else if (!EFFECTS.includes(effect))
      fail(view, 'has no effect that a taint can have', { expected: EFFECTS.join(', '), got: effect })
    else if (colon >= 0 && !isLabelValue(view.text.slice(0, colon)))
      fail(view, 'has no value that a taint can have', { got: view.text })
  }
}
