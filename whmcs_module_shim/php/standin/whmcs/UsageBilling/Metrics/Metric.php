<?php

declare(strict_types=1);

namespace WHMCS\UsageBilling\Metrics;

use WHMCS\UsageBilling\Contracts\Metrics\MetricInterface;

/** A thing that can be billed by use, and, once attached, a reading of it. */
final class Metric implements MetricInterface
{
    private ?Usage $usage = null;

    public function __construct(
        public readonly string $systemName,
        public readonly string $displayName,
        public readonly string $type,
        public readonly object $units
    ) {
    }

    public function withUsage(?Usage $usage = null): self
    {
        $metric = clone $this;
        $metric->usage = $usage;
        return $metric;
    }

    public function usage(): ?Usage
    {
        return $this->usage;
    }
}
