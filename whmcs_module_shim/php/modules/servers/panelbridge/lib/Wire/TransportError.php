<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge\Wire;

use RuntimeException;

/** No complete reply came. The kind tells whether the bridge can have seen the request. */
final class TransportError extends RuntimeException
{
    public const UNREACHABLE = 'unreachable';
    public const UNTRUSTED = 'untrusted';
    public const UNANSWERED = 'unanswered';

    private function __construct(public readonly string $kind, string $why)
    {
        parent::__construct($why);
    }

    /** No connection was made: nothing was sent. */
    public static function unreachable(string $why): self
    {
        return new self(self::UNREACHABLE, $why);
    }

    /** The TLS handshake failed: nothing was sent. */
    public static function untrusted(string $why): self
    {
        return new self(self::UNTRUSTED, $why);
    }

    /** The request may have arrived. */
    public static function unanswered(string $why): self
    {
        return new self(self::UNANSWERED, $why);
    }
}
