// The networks of Kubernetes, since 1.14: siderolabs/talos pkg/machinery/config/types/k8s/network.go.
import { isIPv4 } from 'node:net'
import { parseSubnet } from '../../subnet.ts'
import type { Check, Fail } from '../check.ts'
import type { View } from '../view.ts'

const MIN_HOST_BITS = 4
const MAX_NODE_BITS = 16
const MAX_SERVICE_BITS = 20

type Subnet = { readonly view: View; readonly bits: number; readonly length: 32 | 128 }

export const checkKubernetesNetwork: Check = ({ doc, fail }) => {
  const masks = new Map<number, View>([
    [32, doc.get('nodeCIDRMaskSizeIPv4')],
    [128, doc.get('nodeCIDRMaskSizeIPv6')],
  ])
  for (const [length, mask] of masks)
    if (mask.number < 0 || mask.number > length)
      fail(mask, 'is no length of a prefix', { expected: `1 to ${length}`, got: mask.text })
  checkSubnets(doc.get('podSubnets'), fail, ({ view, bits, length }) => {
    const mask = masks.get(length)?.number ?? 0
    if (mask < 0 || mask > length) return
    const node = mask === 0 ? (length === 32 ? 24 : 64) : mask
    if (bits > node) fail(view, `is smaller than what each node gets, /${node}`, { got: view.text })
    else if (node - bits > MAX_NODE_BITS)
      fail(view, `is too large for nodes of /${node}`, {
        expected: `at least /${node - MAX_NODE_BITS}`,
        got: view.text,
      })
  })
  checkSubnets(doc.get('serviceSubnets'), fail, ({ view, bits, length }) => {
    if (length - bits > MAX_SERVICE_BITS)
      fail(view, 'is too large for services', { expected: `at least /${length - MAX_SERVICE_BITS}`, got: view.text })
  })
  if (doc.get('podSubnets').size !== doc.get('serviceSubnets').size)
    fail(doc.get('podSubnets'), 'are not as many as serviceSubnets', {
      got: `${doc.get('podSubnets').size} and ${doc.get('serviceSubnets').size}`,
    })
}

function checkSubnets(subnets: View, fail: Fail, checkSize: (subnet: Subnet) => void): void {
  if (subnets.size === 0) fail(subnets, 'are required')
  if (subnets.size > 2)
    fail(subnets, 'are too many', { expected: 'one of IPv4 and one of IPv6', got: String(subnets.size) })
  if (subnets.size === 0 || subnets.size > 2) return
  const seen = new Set<number>()
  for (const view of subnets.items) {
    const [address = '', bits = ''] = view.text.split('/')
    const length = isIPv4(address) ? 32 : 128
    if (!view.isText) fail(view, 'is empty')
    else if (parseSubnet(view.text)?.isPrefix !== true) fail(view, 'has bits behind its prefix', { got: view.text })
    else if (length - Number(bits) < MIN_HOST_BITS)
      fail(view, 'is too small', { expected: `at most /${length - MIN_HOST_BITS}`, got: view.text })
    else checkSize({ view, bits: Number(bits), length })
    if (seen.has(length)) fail(view, `is a second subnet of IPv${length === 32 ? 4 : 6}`, { got: view.text })
    seen.add(length)
  }
}
