import { type PageBus } from '../page-bus.ts';
import { CHARTED, describeChart, formatValue, recent, type Charted, type Row } from './charted.ts';
import { LineChart } from './line-chart.ts';
import { sampleBetween, totalsOf, type Sample, type Totals } from './stats-sample.ts';

const SAMPLE_MS = 1000;
/** A screen reader is told of a new text at most this often. */
const DESCRIBE_MS = 10_000;

/** Columns of the table: names and units, in the order of the charts' lines. */
const COLUMNS = [
  ['User', ''],
  ['In', 'kbit/s'],
  ['Out', 'kbit/s'],
  ['Loss', '%'],
  ['Round trip', 'ms'],
  ['Jitter', 'ms'],
] as const;

interface Watched {
  readonly connection: RTCPeerConnection;
  totals: Totals | undefined;
}

interface ShownChart {
  readonly charted: Charted;
  readonly box: HTMLElement;
  readonly chart: LineChart;
}

/** Bit rate, loss, round-trip time and jitter of each connection of this tab, the last minute of them. */
export function mountCharts(root: HTMLElement, bus: PageBus): void {
  new Charts(root, bus);
}

class Charts {
  readonly #charts: readonly ShownChart[];
  readonly #table = document.createElement('tbody');
  readonly #watched = new Map<string, Watched>();
  /** Everybody who has had a call, so that a colour stays with its user. */
  readonly #users: string[] = [];
  #rows: readonly Row[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;
  #describedAtMs = -DESCRIBE_MS;

  constructor(root: HTMLElement, bus: PageBus) {
    const title = document.createElement('h2');
    title.id = 'charts-title';
    title.textContent = 'Media';
    root.setAttribute('aria-labelledby', title.id);
    const grid = document.createElement('div');
    grid.className = 'charts-grid';
    root.append(title, valueTable(this.#table), grid);
    this.#charts = CHARTED.map((charted) => showChart(grid, charted));
    this.#showTable();
    this.#describe();
    const observer = new ResizeObserver(() => {
      for (const { chart } of this.#charts) chart.fit();
    });
    for (const { box } of this.#charts) observer.observe(box);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      for (const { chart } of this.#charts) chart.redraw();
    });
    bus.on('connection', ({ user, connection }) => {
      this.#watch(user, connection);
    });
  }

  #watch(user: string, connection: RTCPeerConnection | undefined): void {
    if (this.#watched.get(user)?.connection === connection) return;
    // Who calls or hangs up should hear of it with the next sample, or now.
    this.#describedAtMs = -DESCRIBE_MS;
    if (connection) {
      if (!this.#users.includes(user)) this.#users.push(user);
      this.#watched.set(user, { connection, totals: undefined });
      this.#timer ??= setInterval(() => void this.#sample(), SAMPLE_MS);
      return;
    }
    this.#watched.delete(user);
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#showTable();
    this.#describe();
  }

  /** What there is to tell of now: nothing when no call goes on. */
  get #newest(): Row | undefined {
    return this.#watched.size === 0 ? undefined : this.#rows.at(-1);
  }

  async #sample(): Promise<void> {
    const samples = new Map<string, Sample>();
    await Promise.all(
      [...this.#watched].map(async ([user, watched]) => {
        const report = await watched.connection.getStats();
        const totals = totalsOf(report, performance.now());
        const sample = watched.totals && sampleBetween(watched.totals, totals);
        watched.totals = totals;
        if (sample && this.#watched.get(user) === watched) samples.set(user, sample);
      }),
    );
    if (samples.size === 0) return;
    this.#rows = recent([...this.#rows, { atMs: performance.now(), samples }]);
    for (const { chart } of this.#charts) chart.show(this.#rows, this.#users);
    this.#showTable();
    this.#describe();
  }

  #showTable(): void {
    const rows = this.#users.map((user, place) => {
      const sample = this.#newest?.samples.get(user);
      const values = CHARTED.flatMap(({ lines }) => lines.map(({ read }) => formatValue(sample && read(sample))));
      return tableRow(user, place, values);
    });
    this.#table.replaceChildren(...(rows.length === 0 ? [emptyRow()] : rows));
  }

  #describe(): void {
    const nowMs = performance.now();
    if (nowMs - this.#describedAtMs < DESCRIBE_MS) return;
    this.#describedAtMs = nowMs;
    for (const { box, charted } of this.#charts) {
      box.setAttribute('aria-label', describeChart(this.#newest, this.#users, charted));
    }
  }
}

function showChart(grid: HTMLElement, charted: Charted): ShownChart {
  const whole = document.createElement('figure');
  whole.className = 'charts-figure';
  const caption = document.createElement('figcaption');
  const hasDashes = charted.lines.some(({ dashed }) => dashed);
  caption.append(`${charted.title} `, unitText(`${charted.unit}${hasDashes ? ', out dashed' : ''}`));
  const box = document.createElement('div');
  box.className = 'charts-box';
  box.setAttribute('role', 'img');
  whole.append(caption, box);
  grid.append(whole);
  return { charted, box, chart: new LineChart(box, charted) };
}

function valueTable(body: HTMLTableSectionElement): HTMLElement {
  const scroller = document.createElement('div');
  scroller.className = 'charts-values';
  const table = document.createElement('table');
  table.dataset.testid = 'chart-values';
  const head = table.createTHead().insertRow();
  for (const [name, unit] of COLUMNS) {
    const cell = document.createElement('th');
    cell.scope = 'col';
    cell.append(name, ...(unit === '' ? [] : [' ', unitText(unit)]));
    head.append(cell);
  }
  table.append(body);
  scroller.append(table);
  return scroller;
}

function tableRow(user: string, place: number, values: readonly string[]): HTMLTableRowElement {
  const row = document.createElement('tr');
  const name = document.createElement('th');
  name.scope = 'row';
  name.className = 'charts-user';
  name.dataset.place = String(place);
  name.textContent = user;
  row.append(name);
  for (const value of values) row.insertCell().textContent = value;
  return row;
}

function unitText(unit: string): HTMLElement {
  const element = document.createElement('span');
  element.className = 'charts-unit';
  element.textContent = unit;
  return element;
}

function emptyRow(): HTMLTableRowElement {
  const row = document.createElement('tr');
  const cell = row.insertCell();
  cell.colSpan = COLUMNS.length;
  cell.textContent = 'No call yet.';
  return row;
}
