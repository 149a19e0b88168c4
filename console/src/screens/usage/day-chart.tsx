import { formatCost } from '../../lib/format.ts'

interface DayChartProps {
  days: readonly { day: string; costUsd: number }[]
}

const height = 120
/** One unit of the drawing for each day; the bar leaves a gap. */
const barWidth = 0.8

const dayFormat = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric', timeZone: 'UTC' })

/** The cost of each day as bars. The table below it says the same in figures. */
export function DayChart({ days }: DayChartProps) {
  const highest = Math.max(...days.map(({ costUsd }) => costUsd))
  const first = days[0]
  const last = days.at(-1)
  return (
    <figure className="card p-3">
      <figcaption className="mb-2 flex justify-between text-xs text-muted">
        <span>Cost by day</span>
        <span>highest {formatCost(highest)}</span>
      </figcaption>
      <svg
        role="img"
        aria-label={`Cost by day; the highest is ${formatCost(highest)}`}
        viewBox={`0 0 ${days.length} ${height}`}
        preserveAspectRatio="none"
        className="h-32 w-full"
      >
        {days.map(({ day, costUsd }, index) => {
          const share = highest === 0 ? 0 : costUsd / highest
          const barHeight = costUsd > 0 ? Math.max(2, share * height) : 0
          return (
            <rect
              key={day}
              x={index + (1 - barWidth) / 2}
              y={height - barHeight}
              width={barWidth}
              height={barHeight}
              className="fill-accent"
            >
              <title>{`${day}: ${formatCost(costUsd)}`}</title>
            </rect>
          )
        })}
        <rect x={0} y={height - 0.5} width={days.length} height={0.5} className="fill-line-strong" />
      </svg>
      <p aria-hidden className="mt-1 flex justify-between text-2xs text-muted">
        <span>{first && dayFormat.format(new Date(first.day))}</span>
        <span>{last && dayFormat.format(new Date(last.day))}</span>
      </p>
    </figure>
  )
}
