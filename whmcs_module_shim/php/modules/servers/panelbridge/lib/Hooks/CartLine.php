<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge\Hooks;

use WHMCS\Module\Server\Panelbridge\Params;

/** One thing a visitor is about to buy of us. */
final class CartLine
{
    public function __construct(
        public readonly Params $product,
        public readonly string $cycle,
        public readonly int $quantity,
        public readonly string $connections,
        public readonly string $username,
        public readonly string $mac,
        public readonly string $domain
    ) {
    }

    /**
     * @param list<string> $without members the shop refused itself
     * @return array<string, int|string>
     */
    public function forCheck(array $without = []): array
    {
        $line = array_filter([
            'pid' => $this->product->number('id'),
            'plan' => $this->product->text('configoption1'),
            'cycle' => $this->cycle,
            'qty' => $this->quantity,
            'connections' => $this->connections,
            'username' => $this->username,
            'mac' => $this->mac,
        ], static fn (int|string $value): bool => $value !== '' && $value !== 0);
        // An empty domain is told: that none was entered is what some panels' orders fail by.
        return array_diff_key($line + ['domain' => $this->domain], array_flip($without));
    }
}
