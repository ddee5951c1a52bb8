<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** A WHMCS server record of ours: hostname, port and SSL tick are the bridge; username its mode, password its key. */
final class Server
{
    public const DEFAULT_PORT = 8080;
    public const DEFAULT_SSL_PORT = 8443;

    private function __construct(
        public readonly int $id,
        public readonly string $host,
        public readonly int $port,
        public readonly bool $secure,
        public readonly string $mode,
        private readonly string $key
    ) {
    }

    /** @throws CallError when the record cannot be used, naming the field */
    public static function fromParams(Params $params): self
    {
        $host = $params->text('serverhostname') ?: $params->text('serverip');
        $secure = $params->flag('serversecure') || $params->text('serverhttpprefix') === 'https';
        return self::checked(
            $params->number('serverid'),
            $host,
            $params->number('serverport'),
            $secure,
            $params->text('serverusername'),
            $params->text('serverpassword')
        );
    }

    /** @throws CallError when the record cannot be used, naming the field */
    public static function checked(int $id, string $host, int $port, bool $secure, string $mode, string $key): self
    {
        Redactor::learn($key);
        // WHMCS sometimes puts these words where the hostname had the signs (seen in pterodactyl/whmcs).
        $host = strtolower(str_replace(['DOT', 'DASH'], ['.', '-'], $host));
        if ($host === '') {
            throw CallError::here('no_server');
        }
        if (preg_match('/^([a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])$/', $host) !== 1) {
            throw CallError::here('bad_hostname');
        }
        if (!in_array(strtolower($mode), ['live', 'test'], true)) {
            throw CallError::here('bad_mode');
        }
        if ($key === '' || preg_match('/[^\x21-\x7e]/', $key) === 1) {
            throw CallError::here('bad_key');
        }
        $default = $secure ? self::DEFAULT_SSL_PORT : self::DEFAULT_PORT;
        return new self($id, $host, $port > 0 && $port < 65536 ? $port : $default, $secure, strtolower($mode), $key);
    }

    public function url(string $function): string
    {
        return ($this->secure ? 'https' : 'http') . '://' . $this->address() . '/v1/whmcs/' . $function;
    }

    public function address(): string
    {
        return $this->host . ':' . $this->port;
    }

    public function authorization(): string
    {
        return 'Bearer ' . $this->key;
    }

    /** Signs what only a page of this shop may hand back; the key itself is never shown. */
    public function seal(string $text): string
    {
        return substr(hash_hmac('sha256', 'panelbridge form ' . $text, $this->key), 0, 32);
    }

    /** Without TLS the key would cross a network in clear text; this machine and private networks are the exception. */
    public function crossesOpenNetwork(): bool
    {
        if ($this->secure || $this->host === 'localhost') {
            return false;
        }
        $literal = trim($this->host, '[]');
        if (filter_var($literal, FILTER_VALIDATE_IP) === false) {
            return true;
        }
        $public = FILTER_FLAG_NO_PRIV_RANGE | FILTER_FLAG_NO_RES_RANGE;
        return filter_var($literal, FILTER_VALIDATE_IP, $public) !== false;
    }

    /** @return array<string, int|string> what var_dump and print_r may see */
    public function __debugInfo(): array
    {
        return ['id' => $this->id, 'address' => $this->address(), 'mode' => $this->mode, 'key' => '[hidden]'];
    }
}
