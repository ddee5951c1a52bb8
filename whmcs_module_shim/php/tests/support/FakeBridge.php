<?php

declare(strict_types=1);

namespace Panelbridge\Tests;

use WHMCS\Module\Server\Panelbridge\Wire\Reply;
use WHMCS\Module\Server\Panelbridge\Wire\Request;
use WHMCS\Module\Server\Panelbridge\Wire\Transport;
use WHMCS\Module\Server\Panelbridge\Wire\TransportError;

/** The bridge's side of docs/whmcs-calls.md, one scripted answer a function. */
final class FakeBridge implements Transport
{
    /** @var list<Request> */
    public array $requests = [];

    /** @var array<string, Reply|TransportError|callable> */
    private array $script = [];

    public function answer(string $function, Reply|TransportError|callable $answer): self
    {
        $this->script[$function] = $answer;
        return $this;
    }

    public function send(Request $request): Reply
    {
        $this->requests[] = $request;
        $function = basename($request->url);
        $answer = $this->script[$function] ?? $this->script['*'] ?? self::success();
        $answer = is_callable($answer) ? $answer(self::bodyOf($request)) : $answer;
        if ($answer instanceof TransportError) {
            throw $answer;
        }
        return $answer;
    }

    /** @return list<string> */
    public function called(): array
    {
        return array_map(static fn (Request $request): string => basename($request->url), $this->requests);
    }

    /** @return array<string, mixed> the body of the latest call of a function */
    public function body(string $function): array
    {
        foreach (array_reverse($this->requests) as $request) {
            if (basename($request->url) === $function) {
                return self::bodyOf($request);
            }
        }
        throw new \LogicException("$function was not called");
    }

    /** @param array<string, mixed> $members */
    public static function success(array $members = []): Reply
    {
        return self::reply(200, $members + ['result' => 'success', 'message' => 'Done.'] + self::blank());
    }

    /** @param array<string, mixed> $data */
    public static function withData(array $data): Reply
    {
        return self::success(['account' => null, 'data' => $data]);
    }

    public static function pending(string $message = 'The panel is slow.'): Reply
    {
        $operation = ['id' => 17, 'verb' => 'create', 'state' => 'open', 'outcome' => null, 'waits_for' => null];
        $members = ['result' => 'pending', 'message' => $message, 'operation' => $operation];
        return self::reply(202, $members + self::blank());
    }

    /** @param array<string, mixed> $members */
    public static function problem(int $status, string $code, string $message, array $members = []): Reply
    {
        return self::reply($status, $members + [
            'result' => 'error', 'message' => $message, 'request_id' => 'req-7', 'type' => 'about:blank',
            'title' => 'Refused', 'status' => $status, 'detail' => $message, 'code' => $code,
            'retry_safe' => true, 'advice' => 'Mend it',
        ], 'application/problem+json');
    }

    /**
     * @param array<string, mixed> $over
     * @return array<string, mixed>
     */
    public static function account(array $over = []): array
    {
        return $over + [
            'username' => 'pb501k7m2qx', 'password' => 'Kp4wZr8TqM', 'state' => 'active',
            'expires_at' => '2026-12-20T13:00:00Z', 'entitled_until' => '2026-12-20T13:00:00Z', 'suspensions' => [],
            'plan' => 'gold', 'term' => '1m', 'package' => '1', 'connections' => 1, 'panel' => 'main',
            'account_id' => '41', 'known_at' => '2026-11-20T13:00:00Z', 'live' => true,
        ];
    }

    /** @param array<string, mixed> $members */
    public static function reply(int $status, array $members, string $type = 'application/json'): Reply
    {
        return new Reply($status, $type, (string) json_encode($members));
    }

    /** @return array<string, mixed> */
    private static function blank(): array
    {
        return [
            'request_id' => 'req-7',
            'operation' => ['id' => 17, 'verb' => 'create', 'state' => 'done', 'outcome' => 'done'],
            'account' => self::account(),
            'data' => null,
        ];
    }

    /** @return array<string, mixed> */
    private static function bodyOf(Request $request): array
    {
        return json_decode($request->body, true, 32, JSON_THROW_ON_ERROR);
    }
}
