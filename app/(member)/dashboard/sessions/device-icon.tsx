import Globe from "lucide-react/icons/globe";
import Monitor from "lucide-react/icons/monitor";
import Smartphone from "lucide-react/icons/smartphone";
import Tablet from "lucide-react/icons/tablet";
import Terminal from "lucide-react/icons/terminal";
import Tv from "lucide-react/icons/tv";

const ICONS: Record<string, typeof Globe> = {
  desktop: Monitor,
  mobile: Smartphone,
  tablet: Tablet,
  tv: Tv,
  bot: Terminal,
};

export function DeviceIcon({ type }: { type: string }) {
  const Icon = ICONS[type] ?? Globe;
  return <Icon className="size-6" strokeWidth={1.6} aria-hidden="true" />;
}
