import uPlot from 'uplot';
import { WINDOW_SEC, columnsOf, type Charted, type Row } from './charted.ts';

const HEIGHT_PX = 150;
const AXIS_PX = 26;
const VALUES_PX = 46;
/** By place of the user in the list. */
const COLOURS = ['--accent', '--warn', '--good', '--bad'];
const DASH_PX = [6, 4];

/** One chart in a box of fixed height, as wide as the box. Colours are those of the page, read when it draws. */
export class LineChart {
  readonly #box: HTMLElement;
  readonly #charted: Charted;
  #users: readonly string[] = [];
  #plot: uPlot;

  constructor(box: HTMLElement, charted: Charted) {
    this.#box = box;
    this.#charted = charted;
    this.#plot = this.#create();
  }

  show(rows: readonly Row[], users: readonly string[]): void {
    if (users.join('\n') !== this.#users.join('\n')) {
      this.#users = [...users];
      this.#plot.destroy();
      this.#plot = this.#create();
    }
    this.#plot.setData(columnsOf(rows, this.#users, this.#charted) as uPlot.AlignedData);
  }

  fit(): void {
    if (this.#box.clientWidth !== this.#plot.width)
      this.#plot.setSize({ width: this.#box.clientWidth, height: HEIGHT_PX });
  }

  redraw(): void {
    this.#plot.redraw(false, true);
  }

  #create(): uPlot {
    const lines = this.#users.flatMap((_, place) =>
      this.#charted.lines.map(({ dashed }): uPlot.Series => ({
        stroke: () => this.#colour(COLOURS[place % COLOURS.length] ?? '--text'),
        width: 2,
        points: { show: false },
        ...(dashed && { dash: DASH_PX }),
      })),
    );
    const axis: uPlot.Axis = {
      stroke: () => this.#colour('--text-muted'),
      font: '12px system-ui, sans-serif',
      grid: { stroke: () => this.#colour('--line'), width: 1 },
      ticks: { show: false },
    };
    const empty = columnsOf([], this.#users, this.#charted) as uPlot.AlignedData;
    return new uPlot(
      {
        width: this.#box.clientWidth,
        height: HEIGHT_PX,
        padding: [8, 18, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, range: [-WINDOW_SEC, 0] },
          y: { range: (_plot, _min, max) => [0, niceTop(Math.max(max || 0, this.#charted.leastTop))] },
        },
        axes: [
          { ...axis, size: AXIS_PX, splits: [-60, -40, -20, 0], values: ['−60 s', '−40', '−20', 'now'] },
          { ...axis, size: VALUES_PX, splits: (_plot, _axis, min, max) => [min, max / 2, max] },
        ],
        series: [{}, ...lines],
      },
      empty,
      this.#box,
    );
  }

  #colour(property: string): string {
    return getComputedStyle(this.#box).getPropertyValue(property).trim() || 'gray';
  }
}

/** The next of 1, 2, 5, 10, 20, 50 …, so that the scale rarely changes. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5].find((step) => step * power >= value) ?? 10);
}
