// The tailnet on a node: the interface of Tailscale, its addresses and routes.
import { unasked, type NodeJudge } from '../support/node/rule.ts'

const LINK = 'tailscale0'
const SERVICE = 'tailscale'
/** 100.64.0.0/10 and fd7a:115c:a1e0::/48: tailscale.com/net/tsaddr. */
const TAILNET = /^(?:100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|fd7a:115c:a1e0:)/i

export const judgeTailnet: NodeJudge = (node, { variant, variantName }) => {
  const { addresses, routes } = node
  if (addresses === undefined) return [unasked(node, 'which addresses it has', 'addresses')]
  const own = addresses.filter(({ link }) => link === LINK)
  const through = routes?.filter(({ link }) => link === LINK)
  if (!variant.serviceConfigurations.includes(SERVICE))
    return [...own, ...(through ?? [])].slice(0, 1).map((found) => ({
      at: found.at,
      message: `${node.address} has ${LINK}, and ${variantName} is in no tailnet`,
      expected: `neither addresses nor routes of ${LINK}`,
      got: 'address' in found ? found.address : `a route to ${found.destination}`,
    }))
  const at = addresses[0]?.at ?? node.start
  if (!own.some(({ address }) => TAILNET.test(address)))
    return [
      {
        at,
        message: `${node.address} is a gateway without an address of the tailnet on ${LINK}`,
        expected: '100.64.0.0/10 or fd7a:115c:a1e0::/48',
        got: own.map(({ address }) => address).join(', ') || `no ${LINK}`,
      },
    ]
  if (through === undefined || through.length > 0) return []
  const message = `${node.address} is a gateway without routes into the tailnet`
  return [{ at, message, expected: `routes through ${LINK}`, got: 'none' }]
}
