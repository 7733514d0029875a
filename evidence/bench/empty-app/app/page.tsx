/** An empty page of the framework: what everybody pays who uses it. */
export default function EmptyPage() {
  return <h1>Empty</h1>;
}
