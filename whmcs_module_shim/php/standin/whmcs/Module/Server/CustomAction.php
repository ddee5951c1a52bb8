<?php

declare(strict_types=1);

namespace WHMCS\Module\Server;

/** One entry of the client home page's actions (WHMCS class docs 8.13 and 9.0). */
class CustomAction
{
    /**
     * @param array<mixed> $params
     * @param list<string> $permissions
     */
    private function __construct(
        public readonly string $identifier,
        public readonly string $display,
        public readonly mixed $callable,
        public readonly array $params,
        public readonly array $permissions,
        public readonly bool $active,
        public readonly bool $allowSamePage,
        public readonly bool $preferIsolation
    ) {
    }

    /**
     * @param array<mixed> $params
     * @param list<string> $permissions
     */
    public static function factory(
        string $identifier,
        string $display,
        callable $callable,
        array $params = [],
        array $permissions = [],
        bool $active = true,
        bool $allowSamePage = false,
        bool $preferIsolation = false
    ): self {
        return new self(
            $identifier,
            $display,
            $callable,
            $params,
            $permissions,
            $active,
            $allowSamePage,
            $preferIsolation
        );
    }
}
