<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

use WHMCS\UsageBilling\Contracts\Metrics\MetricInterface;
use WHMCS\UsageBilling\Contracts\Metrics\ProviderInterface;
use WHMCS\UsageBilling\Metrics\Metric;
use WHMCS\UsageBilling\Metrics\Units\MegaBytes;
use WHMCS\UsageBilling\Metrics\Units\WholeNumber;
use WHMCS\UsageBilling\Metrics\Usage;

/**
 * What may be billed by use. Only what never resets at the panel is offered: a counter whose period is not known to be
 * WHMCS's would make wrong bills, so traffic is shown by UsageUpdate and not billed here.
 */
final class Metrics implements ProviderInterface
{
    private const DISK = 'disk';
    private const CONNECTIONS = 'connections';

    /** @param array<mixed> $params of a server, or empty where WHMCS prices a product */
    public function __construct(private readonly array $params)
    {
    }

    /** @return list<MetricInterface> */
    public function metrics()
    {
        $snapshot = MetricInterface::TYPE_SNAPSHOT;
        $connections = Language::text('metric_connections');
        return [
            new Metric(self::DISK, Language::text('metric_disk'), $snapshot, new MegaBytes()),
            new Metric(self::CONNECTIONS, $connections, $snapshot, new WholeNumber()),
        ];
    }

    /** @return array<string, list<MetricInterface>> by username; an account nobody could read is left out */
    public function usage()
    {
        $read = fn (): array => UsageUpdate::read(Params::of($this->params));
        $usage = [];
        foreach (Guarded::orElse('MetricProvider', $read, []) as $account) {
            $name = is_string($account['username'] ?? null) ? $account['username'] : '';
            $readings = $name === '' ? [] : $this->readings($account);
            if ($readings !== []) {
                $usage[$name] = $readings;
            }
        }
        return $usage;
    }

    /**
     * @param string $tenant
     * @return list<MetricInterface>
     */
    public function tenantUsage($tenant)
    {
        return $this->usage()[(string) $tenant] ?? [];
    }

    /**
     * @param array<string, mixed> $account
     * @return list<MetricInterface>
     */
    private function readings(array $account): array
    {
        [$disk, $connections] = $this->metrics();
        $readings = [];
        if (is_int($account['disk_bytes'] ?? null)) {
            $readings[] = $disk->withUsage(new Usage(round($account['disk_bytes'] / 1048576, 2)));
        }
        if (is_int($account['connections'] ?? null)) {
            $readings[] = $connections->withUsage(new Usage($account['connections']));
        }
        return $readings;
    }
}
